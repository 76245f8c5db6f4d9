/* src/text/nfc.c - canonical composition, by ICU. */
#include "text/text.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* Both lengths are in UTF-16 units. NULL: no memory. */
static UChar *compose(const UChar *from, int32_t length, int32_t *out_length)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    int32_t room = U_FAILURE(status) ? 0 : unorm2_normalize(nfc, from, length, NULL, 0, &status);
    UChar *to;

    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return NULL;
    to = calloc((size_t)room + 1, sizeof(*to));
    if (!to)
        return NULL;
    status = U_ZERO_ERROR;
    *out_length = unorm2_normalize(nfc, from, length, to, room + 1, &status);
    if (U_SUCCESS(status))
        return to;
    free(to);
    return NULL;
}

static char *to_utf8(const UChar *from, int32_t length, size_t *out_size)
{
    UErrorCode status = U_ZERO_ERROR;
    size_t room = (size_t)length * 3 + 1; /* three bytes per unit are the most */
    int32_t used = 0;
    char *to = room <= INT32_MAX ? malloc(room) : NULL;

    if (!to)
        return NULL;
    u_strToUTF8(to, (int32_t)room, &used, from, length, &status);
    if (U_FAILURE(status)) {
        free(to);
        return NULL;
    }
    *out_size = (size_t)used;
    return to;
}

char *cp_text_nfc(const char *text, size_t size, size_t *out_size)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar *wide = NULL, *composed = NULL;
    int32_t length = 0;
    char *out = NULL;

    if (size > INT32_MAX / 4 || !cp_utf8_check(text, size, NULL))
        return NULL;
    wide = calloc(size + 1, sizeof(*wide));
    if (!wide)
        return NULL;
    u_strFromUTF8(wide, (int32_t)size + 1, &length, text, (int32_t)size, &status);
    if (U_SUCCESS(status))
        composed = compose(wide, length, &length);
    if (composed)
        out = to_utf8(composed, length, out_size);
    free(composed);
    free(wide);
    return out;
}

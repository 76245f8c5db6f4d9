/* src/time/scan_private.h - reading dates strictly: each step moves on or says no.
 *
 * Only for files of this module. The C library's readers accept blanks, signs and the words of the
 * locale; a date from a file or a server is exactly as written or it is none.
 */
#ifndef CP_TIME_SCAN_PRIVATE_H
#define CP_TIME_SCAN_PRIVATE_H

#include <string.h>

#include "base/macros.h"

static inline bool cp_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly `count` digits. */
static inline bool cp_scan_digits(const char **at, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (!cp_is_digit((*at)[i]))
            return false;
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *out = value;
    return true;
}

static inline bool cp_scan_word(const char **at, const char *word)
{
    size_t size = strlen(word);

    if (strncmp(*at, word, size) != 0)
        return false;
    *at += size;
    return true;
}

/* One of the words, of which none is the beginning of another one. */
static inline bool cp_scan_choice(const char **at, const char *const *words, int count, int *out)
{
    for (int i = 0; i < count; i++) {
        if (cp_scan_word(at, words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* "13:28:00" */
static inline bool cp_scan_clock(const char **at, int *hour, int *minute, int *second)
{
    return cp_scan_digits(at, 2, hour) && cp_scan_word(at, ":") && cp_scan_digits(at, 2, minute) &&
           cp_scan_word(at, ":") && cp_scan_digits(at, 2, second);
}

#endif

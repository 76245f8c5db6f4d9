/* plugins/feed/words.c - text that XML can hold, titles, times. */
#include "feed.h"

#include <libxml/chvalid.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TITLE_MOST = 80, TITLE_LEAST = 50 }; /* code points */

/* One character, or 0 for what is none or has no place in XML; *size is how far to go. */
static int character(const unsigned char *text, int *size)
{
    int left = (int)strnlen((const char *)text, 4), length = left;
    int c = xmlGetUTF8Char(text, &length);

    *size = c < 0 ? 1 : length;
    return c > 0 && xmlIsCharQ((unsigned)c) ? c : 0;
}

xmlChar *words_clean(const char *text)
{
    xmlChar *copy = xmlMalloc(strlen(text) + 1);
    size_t used = 0;
    int size;

    for (const unsigned char *at = (const unsigned char *)text; copy && *at; at += size) {
        if (!character(at, &size))
            continue;
        memcpy(copy + used, at, (size_t)size);
        used += (size_t)size;
    }
    if (copy)
        copy[used] = '\0';
    return copy;
}

xmlChar *words_title(const char *text)
{
    xmlChar *clean = words_clean(text + strspn(text, " \t\r\n")), *title;
    size_t end = clean ? strcspn((char *)clean, "\r\n") : 0, at = 0, space = 0;

    if (!clean)
        return NULL;
    for (int count = 0, size; at < end && count < TITLE_MOST; at += (size_t)size, count++) {
        character(clean + at, &size);
        if (clean[at] == ' ' && count >= TITLE_LEAST)
            space = at;
    }
    if (at < end) /* something is cut off: at a word if there is a space to cut at */
        at = space ? space : at;
    title = xmlStrndup(clean, (int)at);
    if (title && at < end)
        title = xmlStrcat(title, BAD_CAST "…");
    xmlFree(clean);
    return title;
}

void words_time(int64_t us, char out[TIME_SIZE])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        strcpy(out, "1970-01-01T00:00:00Z");
}

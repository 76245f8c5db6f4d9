/* plugins/mastodon/instant.c - own readers, because strptime() asks the locale how months are called. */
#include "instant.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Exactly `count` digits at *at; moves past them. */
static bool digits(const char **at, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
        value = 10 * value + (*at)[i] - '0';
    }
    *at += count;
    *out = value;
    return true;
}

static bool one_of(const char **at, const char *allowed)
{
    if (!**at || !strchr(allowed, **at))
        return false;
    ++*at;
    return true;
}

static bool words(const char **at, const char *text)
{
    size_t size = strlen(text);

    if (strncmp(*at, text, size) != 0)
        return false;
    *at += size;
    return true;
}

/* The instant of a civil time in UTC; tm_year is the full year here. */
static bool from_civil(struct tm civil, int64_t *out_us)
{
    if (civil.tm_year < 1970 || civil.tm_mon < 0 || civil.tm_mon > 11 || civil.tm_mday < 1 ||
        civil.tm_mday > 31 || civil.tm_hour > 23 || civil.tm_min > 59 || civil.tm_sec > 60)
        return false;
    civil.tm_year -= 1900;
    *out_us = (int64_t)timegm(&civil) * MASTO_SECOND;
    return true;
}

static bool clock_time(const char **at, struct tm *civil)
{
    return digits(at, 2, &civil->tm_hour) && one_of(at, ":") && digits(at, 2, &civil->tm_min) &&
           one_of(at, ":") && digits(at, 2, &civil->tm_sec);
}

static int64_t fraction(const char **at)
{
    int64_t value = 0, unit = MASTO_SECOND;

    if (**at != '.')
        return 0;
    for (++*at; isdigit((unsigned char)**at); ++*at) {
        unit /= 10;
        value += unit * (**at - '0');
    }
    return value;
}

static bool zone_offset(const char **at, int64_t *out_us)
{
    int hours, minutes = 0, sign;

    *out_us = 0;
    if (!**at || one_of(at, "Zz"))
        return true;
    sign = **at == '-' ? -1 : 1;
    if (!one_of(at, "+-") || !digits(at, 2, &hours))
        return false;
    one_of(at, ":");
    if (**at && !digits(at, 2, &minutes))
        return false;
    *out_us = sign * (hours * MASTO_HOUR + minutes * 60 * MASTO_SECOND);
    return true;
}

bool masto_instant_iso(const char *text, int64_t *out_us)
{
    struct tm civil = { 0 };
    int64_t base, part, offset;

    if (!digits(&text, 4, &civil.tm_year) || !one_of(&text, "-") ||
        !digits(&text, 2, &civil.tm_mon) || !one_of(&text, "-") ||
        !digits(&text, 2, &civil.tm_mday) || !one_of(&text, "Tt ") || !clock_time(&text, &civil))
        return false;
    civil.tm_mon--;
    part = fraction(&text);
    if (!zone_offset(&text, &offset) || *text || !from_civil(civil, &base))
        return false;
    *out_us = base + part - offset;
    return true;
}

static bool month(const char **at, int *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (strncmp(*at, names + 3 * i, 3) == 0) {
            *at += 3;
            *out = i;
            return true;
        }
    }
    return false;
}

/* Sun Nov  6 08:49:37 1994, after the name of the day */
static bool asctime_form(const char *at, struct tm *civil)
{
    return month(&at, &civil->tm_mon) && one_of(&at, " ") &&
           (one_of(&at, " ") ? digits(&at, 1, &civil->tm_mday) : digits(&at, 2, &civil->tm_mday)) &&
           one_of(&at, " ") && clock_time(&at, civil) && one_of(&at, " ") &&
           digits(&at, 4, &civil->tm_year) && !*at;
}

/* 06 Nov 1994 08:49:37 GMT, or 06-Nov-94 08:49:37 GMT, after the name of the day */
static bool fixed_form(const char *at, struct tm *civil)
{
    bool old;

    if (!digits(&at, 2, &civil->tm_mday))
        return false;
    old = *at == '-';
    if (!one_of(&at, " -") || !month(&at, &civil->tm_mon) || !one_of(&at, old ? "-" : " ") ||
        !digits(&at, old ? 2 : 4, &civil->tm_year))
        return false;
    if (old)
        civil->tm_year += civil->tm_year < 70 ? 2000 : 1900;
    return one_of(&at, " ") && clock_time(&at, civil) && words(&at, " GMT") && !*at;
}

bool masto_instant_http(const char *text, int64_t *out_us)
{
    struct tm civil = { 0 };

    while (isalpha((unsigned char)*text))
        text++;
    if (words(&text, ", "))
        return fixed_form(text, &civil) && from_civil(civil, out_us);
    return one_of(&text, " ") && asctime_form(text, &civil) && from_civil(civil, out_us);
}

/* A copy without blanks at the ends, when it fits. */
static bool trimmed(const char *value, char *out, size_t size)
{
    size_t length;

    value += strspn(value, " \t");
    length = strlen(value);
    while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    if (!length || length >= size)
        return false;
    memcpy(out, value, length);
    out[length] = '\0';
    return true;
}

static int64_t at_most_a_day(double seconds)
{
    return seconds >= 86400 ? MASTO_DAY : seconds <= 0 ? 0 : (int64_t)(seconds * 1e6);
}

static int64_t until(int64_t then_us, int64_t now_us)
{
    return then_us <= now_us ? 0 : then_us - now_us > MASTO_DAY ? MASTO_DAY : then_us - now_us;
}

bool masto_retry_after(const char *value, int64_t now_us, int64_t *out_us)
{
    char text[64];
    int64_t then;

    if (!trimmed(value, text, sizeof(text)))
        return false;
    if (strspn(text, "0123456789") == strlen(text)) {
        *out_us = at_most_a_day(strtod(text, NULL));
        return true;
    }
    if (!masto_instant_http(text, &then))
        return false;
    *out_us = until(then, now_us);
    return true;
}

bool masto_rate_reset(const char *value, int64_t now_us, int64_t *out_us)
{
    char text[64];
    int64_t then;
    double number;

    if (!trimmed(value, text, sizeof(text)))
        return false;
    if (strpbrk(text, "T-")) {
        if (!masto_instant_iso(text, &then))
            return false;
        *out_us = until(then, now_us);
        return true;
    }
    if (strspn(text, "0123456789.") != strlen(text) || !isdigit((unsigned char)*text))
        return false;
    number = strtod(text, NULL);
    if (number >= 1e12)
        number /= 1000;
    *out_us = at_most_a_day(number >= 1e9 ? number - (double)now_us / 1e6 : number);
    return true;
}

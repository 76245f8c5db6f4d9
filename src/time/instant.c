/* src/time/instant.c - instants in the words of RFC 3339 and of HTTP. */
#include "time/time.h"

#include <stdio.h>

#include "time/scan_private.h"

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const long_days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday" };

static int print_date(int64_t us, char out[CP_RFC3339_SIZE])
{
    struct cp_civil c = cp_utc_to_civil(us);

    return snprintf(out, CP_RFC3339_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u", (unsigned)c.year % 10000,
                    (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100,
                    (unsigned)c.minute % 100, (unsigned)c.second % 100);
}

void cp_instant_format_rfc3339(int64_t us, char out[CP_RFC3339_SIZE])
{
    int used = print_date(us, out);

    out[used] = 'Z';
    out[used + 1] = '\0';
}

void cp_instant_format_offset(int64_t us, int offset_s, char out[CP_RFC3339_SIZE])
{
    int minutes = (offset_s + (offset_s < 0 ? -30 : 30)) / 60;
    unsigned size = (unsigned)(minutes < 0 ? -minutes : minutes);
    int used = print_date(us + minutes * CP_MINUTE, out);

    snprintf(out + used, (size_t)(CP_RFC3339_SIZE - used), "%c%02u:%02u", minutes < 0 ? '-' : '+',
             size / 60 % 100, size % 60);
}

/* Digits beyond the microsecond are read and dropped. */
static bool scan_fraction(const char **at, int64_t *us)
{
    int64_t worth = CP_SECOND;

    if (**at != '.')
        return true;
    (*at)++;
    if (!cp_is_digit(**at))
        return false;
    for (; cp_is_digit(**at); (*at)++) {
        worth /= 10;
        *us += (**at - '0') * worth;
    }
    return true;
}

static bool scan_offset(const char **at, int64_t *us)
{
    int sign = **at == '-' ? -1 : 1, hour, minute;

    if (**at == 'Z' || **at == 'z') {
        (*at)++;
        *us = 0;
        return true;
    }
    if (**at != '+' && **at != '-')
        return false;
    (*at)++;
    if (!cp_scan_digits(at, 2, &hour) || !cp_scan_word(at, ":") || !cp_scan_digits(at, 2, &minute))
        return false;
    *us = sign * (hour * CP_HOUR + minute * CP_MINUTE);
    return hour < 24 && minute < 60;
}

/* The date as UTC. A leap second is the first one of the next minute. */
static bool instant_of(struct cp_civil civil, int64_t *out_us)
{
    bool leap = civil.second == 60;

    if (leap)
        civil.second = 59;
    if (!cp_civil_valid(&civil))
        return false;
    *out_us = cp_civil_to_utc_us(&civil) + (leap ? CP_SECOND : 0);
    return true;
}

static bool scan_rfc3339(const char *at, int64_t *out_us)
{
    struct cp_civil c = { 0 };
    int64_t us, fraction = 0, offset;

    if (!cp_scan_digits(&at, 4, &c.year) || !cp_scan_word(&at, "-") ||
        !cp_scan_digits(&at, 2, &c.month) || !cp_scan_word(&at, "-") ||
        !cp_scan_digits(&at, 2, &c.day) || (*at != 'T' && *at != 't' && *at != ' '))
        return false;
    at++;
    if (!cp_scan_clock(&at, &c.hour, &c.minute, &c.second) || !scan_fraction(&at, &fraction) ||
        !scan_offset(&at, &offset) || *at != '\0' || !instant_of(c, &us))
        return false;
    *out_us = us + fraction - offset;
    return true;
}

bool cp_instant_parse_rfc3339(const char *text, int64_t *out_us, struct cp_error *err)
{
    if (scan_rfc3339(text, out_us))
        return true;
    return cp_error_set(err, &cp_time_errors, CP_TIME_SYNTAX,
                        "'%.40s' is not an instant: write it as in 2022-02-15T13:28:00Z", text);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool scan_imf_fixdate(const char *at, struct cp_civil *c)
{
    int weekday, month;

    if (!cp_scan_choice(&at, days, 7, &weekday) || !cp_scan_word(&at, ", ") ||
        !cp_scan_digits(&at, 2, &c->day) || !cp_scan_word(&at, " ") ||
        !cp_scan_choice(&at, months, 12, &month) || !cp_scan_word(&at, " ") ||
        !cp_scan_digits(&at, 4, &c->year) || !cp_scan_word(&at, " ") ||
        !cp_scan_clock(&at, &c->hour, &c->minute, &c->second) || !cp_scan_word(&at, " GMT"))
        return false;
    c->month = month + 1;
    return *at == '\0';
}

/* "Sunday, 06-Nov-94 08:49:37 GMT": the year is 0 to 99 */
static bool scan_rfc850(const char *at, struct cp_civil *c)
{
    int weekday, month;

    if (!cp_scan_choice(&at, long_days, 7, &weekday) || !cp_scan_word(&at, ", ") ||
        !cp_scan_digits(&at, 2, &c->day) || !cp_scan_word(&at, "-") ||
        !cp_scan_choice(&at, months, 12, &month) || !cp_scan_word(&at, "-") ||
        !cp_scan_digits(&at, 2, &c->year) || !cp_scan_word(&at, " ") ||
        !cp_scan_clock(&at, &c->hour, &c->minute, &c->second) || !cp_scan_word(&at, " GMT"))
        return false;
    c->month = month + 1;
    return *at == '\0';
}

/* "Sun Nov  6 08:49:37 1994" */
static bool scan_asctime(const char *at, struct cp_civil *c)
{
    int weekday, month;

    if (!cp_scan_choice(&at, days, 7, &weekday) || !cp_scan_word(&at, " ") ||
        !cp_scan_choice(&at, months, 12, &month) || !cp_scan_word(&at, " "))
        return false;
    if (!(*at == ' ' ? cp_scan_word(&at, " ") && cp_scan_digits(&at, 1, &c->day)
                     : cp_scan_digits(&at, 2, &c->day)))
        return false;
    if (!cp_scan_word(&at, " ") || !cp_scan_clock(&at, &c->hour, &c->minute, &c->second) ||
        !cp_scan_word(&at, " ") || !cp_scan_digits(&at, 4, &c->year))
        return false;
    c->month = month + 1;
    return *at == '\0';
}

/* The newest century that does not put the date more than 50 years ahead. */
static bool place_century(struct cp_civil c, int64_t now_us, int64_t *out_us)
{
    struct cp_civil limit = cp_utc_to_civil(now_us);
    int century = limit.year / 100 + 1, year = c.year;

    limit.year += limit.year <= 9949 ? 50 : 0;
    if (limit.month == 2 && limit.day == 29)
        limit.day = 28;
    for (int last = century - 2; century >= last; century--) {
        c.year = century * 100 + year;
        if (instant_of(c, out_us) && *out_us <= cp_civil_to_utc_us(&limit))
            return true;
    }
    return false;
}

bool cp_http_date_parse(const char *text, int64_t now_us, int64_t *out_us)
{
    struct cp_civil c = { 0 };
    int64_t us;
    bool good;

    if (scan_imf_fixdate(text, &c) || scan_asctime(text, &c))
        good = instant_of(c, &us);
    else
        good = scan_rfc850(text, &c) && place_century(c, now_us, &us);
    if (good)
        *out_us = us;
    return good;
}

/* src/time/civil.c - the proleptic Gregorian calendar.
 *
 * Days are counted in years that begin in March, so that the leap day is the last one and the
 * lengths of the months before it follow one formula.
 */
#include "time/time.h"

#include <assert.h>
#include <stdio.h>

#include "time/scan_private.h"

const struct cp_error_domain cp_time_errors = { "time" };

enum {
    FIRST_YEAR = 1,
    LAST_YEAR = 9999,
    DAYS_OF_400_YEARS = 146097,
    EPOCH = 719468, /* days from 0000-03-01 to 1970-01-01 */
};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool cp_civil_valid(const struct cp_civil *civil)
{
    return civil->year >= FIRST_YEAR && civil->year <= LAST_YEAR && civil->month >= 1 &&
           civil->month <= 12 && civil->day >= 1 &&
           civil->day <= days_of_month(civil->year, civil->month) && civil->hour >= 0 &&
           civil->hour < 24 && civil->minute >= 0 && civil->minute < 60 && civil->second >= 0 &&
           civil->second < 60;
}

int64_t cp_civil_days(const struct cp_civil *civil)
{
    int64_t year = civil->month > 2 ? civil->year : civil->year - 1;
    int64_t month = (civil->month + 9) % 12; /* March is 0 */

    return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + civil->day -
           1 - EPOCH;
}

/* Fills in the date of a day; needs one of the years 1 to 9999. */
static void set_days(struct cp_civil *civil, int64_t days)
{
    int64_t since = days + EPOCH;
    int64_t era = since / DAYS_OF_400_YEARS, day = since % DAYS_OF_400_YEARS;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t month;

    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153;
    civil->day = (int)(day - (153 * month + 2) / 5 + 1);
    civil->month = (int)(month < 10 ? month + 3 : month - 9);
    civil->year = (int)(era * 400 + year + (civil->month <= 2));
}

static int64_t first_day(void)
{
    return cp_civil_days(&(struct cp_civil){ FIRST_YEAR, 1, 1, 0, 0, 0 });
}

static int64_t last_day(void)
{
    return cp_civil_days(&(struct cp_civil){ LAST_YEAR, 12, 31, 0, 0, 0 });
}

bool cp_civil_add_days(struct cp_civil *civil, int64_t days)
{
    int64_t from = cp_civil_days(civil);

    if (days > last_day() - from || days < first_day() - from)
        return false;
    set_days(civil, from + days);
    return true;
}

int cp_civil_weekday(const struct cp_civil *civil)
{
    int64_t day = (cp_civil_days(civil) + 4) % 7; /* 1970-01-01 was a Thursday */

    return (int)(day < 0 ? day + 7 : day);
}

int cp_civil_compare(const struct cp_civil *a, const struct cp_civil *b)
{
    int64_t first = cp_civil_to_utc_us(a), second = cp_civil_to_utc_us(b);

    return (first > second) - (first < second);
}

int64_t cp_civil_to_utc_us(const struct cp_civil *civil)
{
    assert(cp_civil_valid(civil));
    return cp_civil_days(civil) * CP_DAY + civil->hour * CP_HOUR + civil->minute * CP_MINUTE +
           civil->second * CP_SECOND;
}

struct cp_civil cp_utc_to_civil(int64_t us)
{
    struct cp_civil civil = { 0 };
    int64_t days, rest;

    if (us < first_day() * CP_DAY)
        us = first_day() * CP_DAY;
    if (us >= (last_day() + 1) * CP_DAY)
        us = (last_day() + 1) * CP_DAY - 1;
    days = us / CP_DAY;
    rest = us % CP_DAY;
    if (rest < 0) {
        days--;
        rest += CP_DAY;
    }
    set_days(&civil, days);
    civil.hour = (int)(rest / CP_HOUR);
    civil.minute = (int)(rest % CP_HOUR / CP_MINUTE);
    civil.second = (int)(rest % CP_MINUTE / CP_SECOND);
    return civil;
}

static bool scan_civil(const char *at, struct cp_civil *civil)
{
    bool good = cp_scan_digits(&at, 4, &civil->year) && cp_scan_word(&at, "-") &&
                cp_scan_digits(&at, 2, &civil->month) && cp_scan_word(&at, "-") &&
                cp_scan_digits(&at, 2, &civil->day) && cp_scan_word(&at, " ") &&
                cp_scan_digits(&at, 2, &civil->hour) && cp_scan_word(&at, ":") &&
                cp_scan_digits(&at, 2, &civil->minute);

    if (good && *at == ':')
        good = cp_scan_word(&at, ":") && cp_scan_digits(&at, 2, &civil->second);
    return good && *at == '\0';
}

bool cp_civil_parse(const char *text, struct cp_civil *out, struct cp_error *err)
{
    struct cp_civil civil = { 0 };

    if (!scan_civil(text, &civil))
        return cp_error_set(err, &cp_time_errors, CP_TIME_SYNTAX,
                            "'%.40s' is not a local time: write YYYY-MM-DD HH:MM[:SS]", text);
    if (!cp_civil_valid(&civil))
        return cp_error_set(err, &cp_time_errors, CP_TIME_RANGE,
                            "'%.40s' is a date or time that the calendar does not have", text);
    *out = civil;
    return true;
}

void cp_civil_format(const struct cp_civil *civil, char out[CP_CIVIL_SIZE])
{
    char text[80]; /* room for whatever ints hold: the compiler can't know that they are valid */

    if (civil->second)
        snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", civil->year, civil->month,
                 civil->day, civil->hour, civil->minute, civil->second);
    else
        snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d", civil->year, civil->month,
                 civil->day, civil->hour, civil->minute);
    text[CP_CIVIL_SIZE - 1] = '\0';
    memcpy(out, text, strlen(text) + 1);
}

/* src/time/span.c - distances in time as people write them. */
#include "time/time.h"

#include <inttypes.h>
#include <stdio.h>

#include "time/scan_private.h"

/* Two lifetimes of a campaign; keeps every sum of an instant and a span far from overflow. */
enum { MOST_DAYS = 36525 };

static int64_t unit_us(char unit)
{
    switch (unit) {
    case 'd':
        return CP_DAY;
    case 'h':
        return CP_HOUR;
    case 'm':
        return CP_MINUTE;
    case 's':
        return CP_SECOND;
    default:
        return 0;
    }
}

static bool malformed(const char *text, struct cp_error *err)
{
    return cp_error_set(err, &cp_time_errors, CP_TIME_SYNTAX,
                        "'%.40s' is not a span: write a whole number and one of d, h, m or s, as "
                        "in 10d, -2h, 5m or 90s",
                        text);
}

bool cp_span_parse(const char *text, struct cp_span *out, struct cp_error *err)
{
    const char *at = text + (*text == '+' || *text == '-');
    int64_t sign = *text == '-' ? -1 : 1, number = 0, unit;

    if (!cp_is_digit(*at))
        return malformed(text, err);
    for (; cp_is_digit(*at); at++) {
        if (number <= MOST_DAYS * CP_DAY / CP_SECOND)
            number = number * 10 + (*at - '0');
    }
    unit = unit_us(*at);
    if (!unit || at[1] != '\0')
        return malformed(text, err);
    if (number > MOST_DAYS * CP_DAY / unit)
        return cp_error_set(err, &cp_time_errors, CP_TIME_RANGE, "'%.40s' is longer than 100 years",
                            text);
    *out = *at == 'd' ? (struct cp_span){ .days = sign * number }
                      : (struct cp_span){ .us = sign * number * unit };
    return true;
}

void cp_span_format(struct cp_span span, char out[CP_SPAN_SIZE])
{
    static const char units[] = "hms";

    if (span.days) {
        snprintf(out, CP_SPAN_SIZE, "%" PRId64 "d", span.days);
        return;
    }
    for (const char *unit = units; *unit; unit++) {
        int64_t size = unit_us(*unit);

        if ((span.us && span.us % size == 0) || *unit == 's') {
            snprintf(out, CP_SPAN_SIZE, "%" PRId64 "%c", span.us / size, *unit);
            return;
        }
    }
}

int64_t cp_span_us(struct cp_span span)
{
    return span.days * CP_DAY + span.us;
}

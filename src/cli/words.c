/* src/cli/words.c - times and sizes as people read them, and back. */
#include <string.h>

#include "cli/cli_private.h"

static const char *abbreviation(const struct cp_zone *zone, int64_t us)
{
    return zone ? cp_zone_abbreviation(zone, us) : "UTC";
}

static struct cp_civil civil_of(const struct cp_zone *zone, int64_t us)
{
    return zone ? cp_zone_civil(zone, us) : cp_utc_to_civil(us);
}

void cp_format_local(const struct cp_zone *zone, int64_t us, char out[CP_LOCAL_SIZE])
{
    struct cp_civil civil;
    char text[CP_CIVIL_SIZE];

    if (us == CP_NEVER) {
        snprintf(out, CP_LOCAL_SIZE, "on standby");
        return;
    }
    civil = civil_of(zone, us);
    cp_civil_format(&civil, text);
    snprintf(out, CP_LOCAL_SIZE, "%s %s", text, abbreviation(zone, us));
}

void cp_format_clock(const struct cp_zone *zone, int64_t us, char out[CP_LOCAL_SIZE])
{
    struct cp_civil civil = civil_of(zone, us);
    char text[CP_CIVIL_SIZE];

    cp_civil_format(&civil, text);
    snprintf(out, CP_LOCAL_SIZE, "%s %s", text + strlen("2022-02-15 "), abbreviation(zone, us));
}

void cp_format_day(const struct cp_civil *civil, char out[CP_LOCAL_SIZE])
{
    static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday" };
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };

    snprintf(out, CP_LOCAL_SIZE, "%s %d %s %d", days[cp_civil_weekday(civil)], civil->day,
             months[civil->month - 1], civil->year);
}

void cp_format_size(uint64_t bytes, char out[CP_LOCAL_SIZE])
{
    if (bytes < 1000)
        snprintf(out, CP_LOCAL_SIZE, "%u bytes", (unsigned)bytes);
    else if (bytes < 1000000)
        snprintf(out, CP_LOCAL_SIZE, "%.0f kB", (double)bytes / 1e3);
    else
        snprintf(out, CP_LOCAL_SIZE, "%.1f MB", (double)bytes / 1e6);
}

bool cp_read_clock(const char *text, const struct cp_zone *zone, int64_t *out_us,
                   struct cp_error *err)
{
    struct cp_civil civil;
    int64_t earlier, later;
    char first[CP_RFC3339_SIZE], second[CP_RFC3339_SIZE];

    if (cp_instant_parse_rfc3339(text, out_us, NULL))
        return true;
    if (!cp_civil_parse(text, &civil, NULL))
        return cp_error_set(err, &cp_base_errors, CP_BASE_USAGE,
                            "'%s' is no time: 'YYYY-MM-DD HH:MM', or with its zone as in "
                            "2022-02-15T13:28:00Z",
                            text);
    if (!zone) {
        *out_us = cp_civil_to_utc_us(&civil);
        return true;
    }
    if (cp_zone_resolve(zone, &civil, &earlier, &later) == CP_LOCAL_UNIQUE) {
        *out_us = earlier;
        return true;
    }
    cp_instant_format_rfc3339(earlier, first);
    cp_instant_format_rfc3339(later, second);
    return cp_error_set(err, &cp_base_errors, CP_BASE_USAGE,
                        "the clocks in %s change at '%s': write %s or %s", cp_zone_name(zone), text,
                        first, second);
}

const char *cp_state_colour(const struct cp_style *style, const char *state)
{
    static const char *const good[] = { "published", "seen" };
    static const char *const waits[] = { "held", "late", "standby", "verify", "waiting" };
    static const char *const bad[] = { "rejected", "expired", "uncertain" };
    static const char *const moves[] = { "due", "uploading", "in_flight" };
    const struct {
        const char *const *words;
        size_t count;
        const char *colour;
    } rows[] = { { good, CP_COUNT(good), style->green },
                 { waits, CP_COUNT(waits), style->yellow },
                 { bad, CP_COUNT(bad), style->red },
                 { moves, CP_COUNT(moves), style->blue } };

    for (size_t i = 0; i < CP_COUNT(rows); i++)
        for (size_t k = 0; k < rows[i].count; k++)
            if (strcmp(rows[i].words[k], state) == 0)
                return rows[i].colour;
    return "";
}

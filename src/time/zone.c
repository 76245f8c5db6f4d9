/* src/time/zone.c - offsets and names of one zone, read by libical from the system's file.
 *
 * The one question asked of libical is "which offset is in force at this instant?"; everything
 * about local times is found by asking it around the time in question. Its own answers about local
 * times are not used: in an overlap it takes the later instant without a word.
 */
#include "time/zone_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

/* One stretch of the zone's history with its abbreviation. */
struct stretch {
    int64_t start_us; /* local time read as UTC: only the order matters */
    int offset;
    bool summer;
    char abbreviation[12];
};

struct cp_zone {
    char name[80];
    icaltimezone *rules; /* libical's, for the life of the process; NULL: UTC or GMT */
    struct stretch *stretches;
    size_t count;
};

static void read_stretch(icalcomponent *part, struct stretch *out)
{
    icalproperty *name = icalcomponent_get_first_property(part, ICAL_TZNAME_PROPERTY);
    icalproperty *offset = icalcomponent_get_first_property(part, ICAL_TZOFFSETTO_PROPERTY);
    icalproperty *start = icalcomponent_get_first_property(part, ICAL_DTSTART_PROPERTY);

    if (name && icalproperty_get_tzname(name))
        snprintf(out->abbreviation, sizeof(out->abbreviation), "%s", icalproperty_get_tzname(name));
    if (offset)
        out->offset = icalproperty_get_tzoffsetto(offset);
    if (start) {
        struct icaltimetype t = icalproperty_get_dtstart(start);
        struct cp_civil civil = { t.year, t.month, t.day, t.hour, t.minute, t.second };

        out->start_us = cp_civil_valid(&civil) ? cp_civil_to_utc_us(&civil) : INT64_MIN;
    }
    out->summer = icalcomponent_isa(part) == ICAL_XDAYLIGHT_COMPONENT;
}

/* libical's strings go away when it expands the rules, so all of them are copied first. */
static bool read_stretches(struct cp_zone *zone)
{
    icalcomponent *all = icaltimezone_get_component(zone->rules);
    int count = all ? icalcomponent_count_components(all, ICAL_ANY_COMPONENT) : 0;
    icalcomponent *part;

    if (count <= 0)
        return false;
    zone->stretches = calloc((size_t)count, sizeof(*zone->stretches));
    if (!zone->stretches)
        return false;
    for (part = icalcomponent_get_first_component(all, ICAL_ANY_COMPONENT);
         part && zone->count < (size_t)count;
         part = icalcomponent_get_next_component(all, ICAL_ANY_COMPONENT))
        read_stretch(part, &zone->stretches[zone->count++]);
    return true;
}

static int offset_at(const struct cp_zone *zone, int64_t us, int *summer)
{
    struct cp_civil civil = cp_utc_to_civil(us);
    struct icaltimetype t = icaltime_null_time();

    *summer = 0;
    if (!zone->rules)
        return 0;
    t.year = civil.year;
    t.month = civil.month;
    t.day = civil.day;
    t.hour = civil.hour;
    t.minute = civil.minute;
    t.second = civil.second;
    return icaltimezone_get_utc_offset_of_utc_time(zone->rules, &t, summer);
}

struct cp_zone *cp_zone_load(const char *name)
{
    struct cp_zone *zone = calloc(1, sizeof(*zone));

    if (!zone)
        return NULL;
    snprintf(zone->name, sizeof(zone->name), "%s", name);
    zone->rules = icaltimezone_get_builtin_timezone(name);
    if (zone->rules == icaltimezone_get_utc_timezone()) { /* so it answers for "GMT", too */
        zone->rules = NULL;
        return zone;
    }
    if (!zone->rules || !read_stretches(zone)) {
        cp_zone_free(zone);
        return NULL;
    }
    return zone;
}

void cp_zone_free(struct cp_zone *zone)
{
    if (!zone)
        return;
    free(zone->stretches);
    free(zone);
}

const char *cp_zone_name(const struct cp_zone *zone)
{
    return zone->name;
}

int cp_zone_offset(const struct cp_zone *zone, int64_t us)
{
    int summer;

    return offset_at(zone, us, &summer);
}

struct cp_civil cp_zone_civil(const struct cp_zone *zone, int64_t us)
{
    return cp_utc_to_civil(us + cp_zone_offset(zone, us) * CP_SECOND);
}

const char *cp_zone_abbreviation(const struct cp_zone *zone, int64_t us)
{
    const struct stretch *best = NULL;
    int summer, offset = offset_at(zone, us, &summer);
    int64_t local = us + offset * CP_SECOND;

    if (!zone->rules)
        return zone->name;
    for (size_t i = 0; i < zone->count; i++) {
        const struct stretch *one = &zone->stretches[i];

        if (one->offset != offset || one->summer != (summer != 0) || one->start_us > local)
            continue;
        if (!best || one->start_us > best->start_us)
            best = one;
    }
    return best && best->abbreviation[0] ? best->abbreviation : zone->name;
}

static void add_reading(const struct cp_zone *zone, int64_t local, int offset, int64_t *found,
                        size_t *count)
{
    int64_t us = local - offset * CP_SECOND;

    if (cp_zone_offset(zone, us) != offset)
        return;
    for (size_t i = 0; i < *count; i++) {
        if (found[i] == us)
            return;
    }
    found[(*count)++] = us;
}

/* A local time means an instant exactly when the offset that leads to the instant is in force
 * there. Candidates are the offsets within two days on either side: no zone changed its clocks twice
 * within that since 1970. */
enum cp_local_kind cp_zone_resolve(const struct cp_zone *zone, const struct cp_civil *civil,
                                   int64_t *earlier_us, int64_t *later_us)
{
    static const int probes[] = { -2, -1, 1, 2 };
    int64_t local = cp_civil_to_utc_us(civil), found[4];
    size_t count = 0;

    for (size_t i = 0; i < CP_COUNT(probes); i++)
        add_reading(zone, local, cp_zone_offset(zone, local + probes[i] * CP_DAY), found, &count);
    if (count == 0) {
        *earlier_us = local - cp_zone_offset(zone, local + CP_DAY) * CP_SECOND;
        *later_us = local - cp_zone_offset(zone, local - CP_DAY) * CP_SECOND;
        return CP_LOCAL_GAP;
    }
    *earlier_us = *later_us = found[0];
    for (size_t i = 1; i < count; i++) {
        *earlier_us = found[i] < *earlier_us ? found[i] : *earlier_us;
        *later_us = found[i] > *later_us ? found[i] : *later_us;
    }
    return count == 1 ? CP_LOCAL_UNIQUE : CP_LOCAL_OVERLAP;
}

int64_t cp_zone_generated(const struct cp_zone *zone, const struct cp_civil *civil,
                          enum cp_local_kind *out_kind)
{
    int64_t earlier, later;
    enum cp_local_kind kind = cp_zone_resolve(zone, civil, &earlier, &later);

    if (out_kind)
        *out_kind = kind;
    return kind == CP_LOCAL_GAP ? later : earlier;
}

bool cp_zone_add_span(const struct cp_zone *zone, int64_t us, struct cp_span span, int64_t *out_us,
                      enum cp_local_kind *out_kind)
{
    static const struct cp_civil first = { 1, 1, 1, 0, 0, 0 }, last = { 9999, 12, 31, 23, 59, 59 };
    enum cp_local_kind kind = CP_LOCAL_UNIQUE;
    int64_t fraction = ((us % CP_SECOND) + CP_SECOND) % CP_SECOND;
    int64_t moved = us;

    if (span.days) {
        struct cp_civil civil = cp_zone_civil(zone, us);

        if (!cp_civil_add_days(&civil, span.days))
            return false;
        moved = cp_zone_generated(zone, &civil, &kind) + fraction;
    }
    if (__builtin_add_overflow(moved, span.us, &moved) || moved < cp_civil_to_utc_us(&first) ||
        moved > cp_civil_to_utc_us(&last))
        return false;
    *out_us = moved;
    if (out_kind)
        *out_kind = kind;
    return true;
}

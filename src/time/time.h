/* src/time/time.h - instants, civil dates, zones, spans, and the one seam to the clocks.
 *
 * An instant is an int64_t of microseconds since 1970-01-01T00:00:00Z without leap seconds; names
 * of instants end in _us. A civil date is what a calendar and a clock on the wall show, in a zone
 * that is known from elsewhere. Years are 1 to 9999, proleptic Gregorian.
 *
 * Zones are those of the system's tzdata package (read through libical; ICU carries years-old data
 * of its own). They are right from 2023 on; of the past, libical keeps some changes in a few zones
 * only roughly. They are loaded on first use and stay as they are for the life of the process: a
 * new tzdata takes effect at the next start. A struct cp_zones belongs to one thread at a time,
 * and there is one set of loaded data in the process behind all of them.
 */
#ifndef CP_TIME_TIME_H
#define CP_TIME_TIME_H

#include "base/error.h"
#include "base/macros.h"

extern const struct cp_error_domain cp_time_errors;
enum { CP_TIME_NO_ZONES = 1, CP_TIME_SYNTAX, CP_TIME_RANGE };

/* --- civil dates --- */

struct cp_civil {
    int year, month, day, hour, minute, second; /* month and day from 1; no leap second */
};

/* True for a date and time that the calendar has, of the years 1 to 9999. */
bool cp_civil_valid(const struct cp_civil *civil);
/* Days since 1970-01-01 of a valid date; its time of day is ignored. */
int64_t cp_civil_days(const struct cp_civil *civil);
/* The date so many days later (earlier when negative), same time of day. False when that leaves
 * the years 1 to 9999; *civil is then untouched. */
CP_MUST_USE bool cp_civil_add_days(struct cp_civil *civil, int64_t days);
/* 0 is Sunday. */
int cp_civil_weekday(const struct cp_civil *civil);
/* Negative, 0, positive: a is earlier, the same, later. */
int cp_civil_compare(const struct cp_civil *a, const struct cp_civil *b);
/* The civil date read as UTC, and back. Fractions of a second are cut towards the past. An instant
 * outside of the years 1 to 9999 gives the nearest date inside. */
int64_t cp_civil_to_utc_us(const struct cp_civil *civil);
struct cp_civil cp_utc_to_civil(int64_t us);

/* "YYYY-MM-DD HH:MM[:SS]", exactly so, a date that exists. */
CP_MUST_USE bool cp_civil_parse(const char *text, struct cp_civil *out, struct cp_error *err);
/* "2022-02-15 13:28", with ":SS" where the seconds are not 0. */
enum { CP_CIVIL_SIZE = 20 };
void cp_civil_format(const struct cp_civil *civil, char out[CP_CIVIL_SIZE]);

/* --- spans --- */

/* A distance in time, as it was written: calendar days, or elapsed time. The unit is kept since
 * "10d" before an event is at the same time of day, and "240h" is not when clocks change. */
struct cp_span {
    int64_t days; /* of the calendar */
    int64_t us;   /* elapsed; one of the two is 0 */
};

/* "[+-]N" and one of d, h, m, s: "90s", "5m", "-2h", "10d"; at most 100 years. */
CP_MUST_USE bool cp_span_parse(const char *text, struct cp_span *out, struct cp_error *err);
/* In the longest unit that is exact, never turning hours into days: -120m is "-2h", 90m "90m",
 * 48h "48h"; 0 is "0s". */
enum { CP_SPAN_SIZE = 24 };
void cp_span_format(struct cp_span span, char out[CP_SPAN_SIZE]);
/* As elapsed time, a day being 24 hours: for limits and deadlines. */
int64_t cp_span_us(struct cp_span span);

/* --- instants in words --- */

/* "2022-02-15T13:28:00Z" (RFC 3339); fractions are cut. */
enum { CP_RFC3339_SIZE = 32 };
void cp_instant_format_rfc3339(int64_t us, char out[CP_RFC3339_SIZE]);
/* "2022-02-15T13:28:00+00:00": as seen from this many seconds east of Greenwich. RFC 3339 has no
 * seconds in an offset: those of the 19th century's zones are rounded to minutes, the time with them. */
void cp_instant_format_offset(int64_t us, int offset_s, char out[CP_RFC3339_SIZE]);
/* Any RFC 3339 date-time, fraction (to the microsecond) and offset included. A leap second is read
 * as the second after it. */
CP_MUST_USE bool cp_instant_parse_rfc3339(const char *text, int64_t *out_us, struct cp_error *err);
/* HTTP-date, all three forms of RFC 9110, section 5.6.7. now_us places the two-digit year of the
 * second form: a date more than 50 years ahead of it belongs to the century before. */
CP_MUST_USE bool cp_http_date_parse(const char *text, int64_t now_us, int64_t *out_us);

/* --- zones --- */

struct cp_zones;
struct cp_zone;

/* Reads the system's index of zones; NULL and an error when there is none. */
struct cp_zones *cp_zones_open(struct cp_error *err);
void cp_zones_close(struct cp_zones *zones);

/* The zone of that name; NULL when the index has no such name or its file can't be read. "UTC" is
 * always there. The zone is the set's, lives as long, and is found again in no time. */
const struct cp_zone *cp_zones_find(struct cp_zones *zones, const char *name);
/* The known name nearest to a wrong one ("Europe/Pariss", "paris", "europe/paris"); NULL: none. */
const char *cp_zones_suggest(const struct cp_zones *zones, const char *wrong_name);
/* The system's own zone: TZ when it is a known name, the link /etc/localtime, /etc/timezone; "UTC"
 * when none of them names a known zone. */
const char *cp_zones_system(const struct cp_zones *zones);
/* Release of the data, "2025b"; "unknown" where the index does not say. */
const char *cp_zones_version(const struct cp_zones *zones);
/* Every name of the index in order; for tests, completion and lists. */
size_t cp_zones_names(const struct cp_zones *zones, const char *const **out);

const char *cp_zone_name(const struct cp_zone *zone);

/* Seconds east of Greenwich in force at an instant. */
int cp_zone_offset(const struct cp_zone *zone, int64_t us);
struct cp_civil cp_zone_civil(const struct cp_zone *zone, int64_t us);
/* "GMT", "CEST", "-03": for people's eyes. Lives as long as the zone. */
const char *cp_zone_abbreviation(const struct cp_zone *zone, int64_t us);

enum cp_local_kind {
    CP_LOCAL_UNIQUE,
    CP_LOCAL_GAP,    /* clocks were put forward over it: it never was */
    CP_LOCAL_OVERLAP /* clocks were put back: it was twice */
};

/* The instants that a local time may mean; earlier <= later, equal when it is unique.
 * Gap: the time is read with the offset after the gap (earlier: so much before the gap as the clock
 * was put forward) and with the one before it (later: this is "going forward": 01:30 where the clock
 * jumps from 01:00 to 02:00 becomes 02:30). Overlap: its first and its second occurrence. */
enum cp_local_kind cp_zone_resolve(const struct cp_zone *zone, const struct cp_civil *civil,
                                   int64_t *earlier_us, int64_t *later_us);
/* What a *generated* local time means: forward over a gap, the first in an overlap. *out_kind (may
 * be NULL) tells that there was a choice. */
int64_t cp_zone_generated(const struct cp_zone *zone, const struct cp_civil *civil,
                          enum cp_local_kind *out_kind);
/* The instant moved by a span: days by the zone's calendar, at the same time of day (as
 * cp_zone_generated()), the rest as elapsed time. False when it leaves the years 1 to 9999. */
CP_MUST_USE bool cp_zone_add_span(const struct cp_zone *zone, int64_t us, struct cp_span span,
                                  int64_t *out_us, enum cp_local_kind *out_kind);

/* --- clocks --- */

/* plan: decides what is due; the wall clock, but for a service that is fast-forwarded. wall: what
 * people and servers see. boot: counts on through sleep and is never set; for ages and waits. */
struct cp_now {
    int64_t plan_us, wall_us, boot_us;
};

/* Nothing else in the program reads a clock. A clock with state has this as its first member. */
struct cp_clock {
    void (*read)(const struct cp_clock *clock, struct cp_now *out);
};

extern const struct cp_clock cp_clock_system;

static inline struct cp_now cp_clock_now(const struct cp_clock *clock)
{
    struct cp_now now;

    clock->read(clock, &now);
    return now;
}

#endif

/* tests/time/oracle.cc - see oracle.h. */
#include "oracle.h"

#include <chrono>
#include <cstdio>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

static cctz::time_zone chosen;

static cctz::time_point<cctz::seconds> point(long long at)
{
    return cctz::time_point<cctz::seconds>(cctz::seconds(at));
}

int oracle_choose(const char *zone)
{
    return cctz::load_time_zone(zone, &chosen);
}

int oracle_offset(long long at, char *abbreviation, int size)
{
    auto found = chosen.lookup(point(at));

    snprintf(abbreviation, size, "%s", found.abbr);
    return found.offset;
}

int oracle_next(long long at, long long *when)
{
    cctz::time_zone::civil_transition change;

    if (!chosen.next_transition(point(at), &change))
        return 0;
    *when = chosen.lookup(change.to).trans.time_since_epoch().count();
    return 1;
}

struct oracle_local oracle_resolve(int year, int month, int day, int hour, int minute, int second)
{
    auto found = chosen.lookup(cctz::civil_second(year, month, day, hour, minute, second));
    struct oracle_local out;

    out.kind = static_cast<int>(found.kind);
    out.pre = found.pre.time_since_epoch().count();
    out.post = found.post.time_since_epoch().count();
    return out;
}

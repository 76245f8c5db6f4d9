/* src/time/zone_private.h - the set of zones, shared by the two files that make it up. */
#ifndef CP_TIME_ZONE_PRIVATE_H
#define CP_TIME_ZONE_PRIVATE_H

#include "time/time.h"

struct cp_zones {
    char **names; /* of the index, in order of bytes, each once */
    size_t count, capacity;
    struct cp_zone **loaded; /* beside each name; NULL until it is asked for */
    char version[32];
    char system[128];
};

/* The place of a name in the set; SIZE_MAX when the index does not have it. */
size_t cp_zones_place(const struct cp_zones *zones, const char *name);

/* Loads the zone of a name of the index; NULL when that is impossible. */
struct cp_zone *cp_zone_load(const char *name);
void cp_zone_free(struct cp_zone *zone);

#endif

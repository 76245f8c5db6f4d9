/* src/base/nearest.h - "did you mean …?"
 *
 * The distance is Damerau and Levenshtein's over bytes, in its restricted form: inserting, dropping,
 * replacing a byte and swapping two neighbours cost 1 each. Names here are ASCII.
 */
#ifndef CP_BASE_NEAREST_H
#define CP_BASE_NEAREST_H

#include "base/macros.h"

/* The distance of a and b, or most + 1 when it is above `most`. Names of more than 64 bytes are
 * only compared for equality: they are far from everything. */
unsigned cp_edit_distance(const char *a, const char *b, unsigned most);

/* How far a wrong name may be from a right one to be worth a suggestion: a third of it, 1 to 3. */
unsigned cp_nearest_reach(const char *name);

/* The candidate nearest to `name` within reach; the first of equals. NULL: none is near. */
const char *cp_nearest(const char *name, const char *const *candidates, size_t count);

#endif

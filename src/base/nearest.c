/* src/base/nearest.c - see nearest.h. */
#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned cp_edit_distance(const char *a, const char *b, unsigned most)
{
    size_t m = strlen(a), n = strlen(b);
    unsigned rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];

    if (m > LONGEST || n > LONGEST)
        return strcmp(a, b) == 0 ? 0 : most + 1;
    if ((m > n ? m - n : n - m) > most)
        return most + 1;
    for (size_t j = 0; j <= n; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        unsigned *spare = before;

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(last[j], row[j - 1]) + 1;
            row[j] = least(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = spare;
    }
    return least(last[n], most + 1);
}

unsigned cp_nearest_reach(const char *name)
{
    size_t third = strlen(name) / 3;

    return third < 1 ? 1 : third > 3 ? 3 : (unsigned)third;
}

const char *cp_nearest(const char *name, const char *const *candidates, size_t count)
{
    unsigned most = cp_nearest_reach(name);
    const char *best = NULL;

    for (size_t i = 0; i < count; i++) {
        unsigned distance = cp_edit_distance(name, candidates[i], most);

        if (distance > most)
            continue;
        best = candidates[i];
        if (distance == 0)
            break;
        most = distance - 1;
    }
    return best;
}

/* src/base/error.h - what went wrong, told once, in words an operator can act on.
 *
 * A function that can fail returns false (or NULL) and fills its last parameter. The
 * value lives in the caller's frame and never allocates, so running out of memory is
 * reported like anything else. NULL is allowed: the caller only wants yes or no.
 * The first report wins; callers further up add the place, not a new story.
 */
#ifndef CP_BASE_ERROR_H
#define CP_BASE_ERROR_H

#include "base/macros.h"

/* Each module owns one; compare by address: err.domain == &cp_ledger_errors. */
struct cp_error_domain {
    const char *name;
};

struct cp_error {
    const struct cp_error_domain *domain; /* NULL: nothing went wrong */
    int code;                             /* meaning belongs to the domain */
    unsigned line, column;                /* 1-based; 0 when there is no such place */
    char origin[256];                     /* file, account or database; may be empty */
    char message[400];                    /* one line, lower case, no final stop */
};

extern const struct cp_error_domain cp_base_errors;
enum { CP_BASE_NO_MEMORY = 1, CP_BASE_SYSTEM, CP_BASE_LIMIT, CP_BASE_USAGE };

/* Both return false, so that a failing path ends in one statement. */
bool cp_error_set(struct cp_error *err, const struct cp_error_domain *domain, int code,
                  const char *fmt, ...) CP_PRINTF(4, 5);
bool cp_error_at(struct cp_error *err, const char *origin, unsigned line, unsigned column);

/* Sets "out of memory" of the base domain. */
bool cp_error_no_memory(struct cp_error *err);

/* Writes "launch.yaml:14:9: unknown time zone 'Europe/Pariss'", cut to size. */
void cp_error_format(const struct cp_error *err, char *out, size_t size);

#endif

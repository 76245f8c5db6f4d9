/* src/base/diagnostics.h - everything a reader of files has to say, collected, with places.
 *
 * Readers never stop at the first complaint: they add to a list and go on. Each entry has a stable
 * code (a word, e.g. "unknown-key"), the place (file, 1-based line and column; columns count
 * characters), the path of the key ("posts[3].text.es"), what was found and what to do about it.
 * Strings are copied into the list. The list stops growing at CP_DIAGNOSTICS_MOST and says so.
 */
#ifndef CP_BASE_DIAGNOSTICS_H
#define CP_BASE_DIAGNOSTICS_H

#include "base/macros.h"

enum { CP_DIAGNOSTICS_MOST = 1000 };

enum cp_severity { CP_NOTE, CP_WARNING, CP_FAULT };

/* A place in a file. `file` is borrowed and outlives what refers to it (it lives in an arena). */
struct cp_place {
    const char *file; /* as the user would write it; NULL: no place */
    unsigned line, column;
};

struct cp_diagnostic {
    enum cp_severity severity;
    const char *code;
    const char *file; /* may be NULL */
    unsigned line, column;
    const char *path;    /* key path; may be empty */
    const char *message; /* one line, lower case, no final stop */
    const char *hint;    /* what to do; may be empty */
    const char *source;  /* the line of the file, without its end; may be NULL */
};

struct cp_diagnostics {
    struct cp_diagnostic *items;
    size_t count, capacity, faults, warnings, dropped;
    struct cp_arena *arena; /* owns every string; made at the first entry */
};

/* Severity's word: "note", "warning", "error". */
const char *cp_severity_name(enum cp_severity severity);

/* Adds an entry. path and hint may be NULL. */
void cp_diagnose(struct cp_diagnostics *list, enum cp_severity severity, const char *code,
                 struct cp_place place, const char *path, const char *hint, const char *fmt, ...)
    CP_PRINTF(7, 8);
/* Remembers the source line of the newest entry (copied). */
void cp_diagnostics_source(struct cp_diagnostics *list, const char *line, size_t size);
/* Orders entries by file and place, those without a place first; at one place by message. */
void cp_diagnostics_sort(struct cp_diagnostics *list);
void cp_diagnostics_release(struct cp_diagnostics *list);

#endif

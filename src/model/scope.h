/* src/model/scope.h - what a hold, a release or --only covers.
 *
 * Written as: all | campaign:X | organisation:X | account:X | [CAMPAIGN/]POST[/OCCURRENCE[/ACCOUNT]]
 * A path of two or three words has two readings (with or without the campaign in front) and covers
 * what either of them names; nobody has to remember which of them the program prefers.
 */
#ifndef CP_MODEL_SCOPE_H
#define CP_MODEL_SCOPE_H

#include "base/error.h"

enum cp_scope_kind {
    CP_SCOPE_ALL,
    CP_SCOPE_CAMPAIGN,
    CP_SCOPE_ORGANISATION,
    CP_SCOPE_ACCOUNT,
    CP_SCOPE_PATH,
};

/* An occurrence is an event's id (64 bytes at most), "-after-" and a span of at most a dozen. */
enum { CP_SCOPE_WORDS = 4, CP_SCOPE_WORD = 96, CP_SCOPE_SIZE = 400 };

struct cp_scope {
    enum cp_scope_kind kind;
    unsigned count; /* words of a path; 1 for campaign, organisation, account */
    char words[CP_SCOPE_WORDS][CP_SCOPE_WORD]; /* each a valid id or occurrence */
};

/* An occurrence is "-", or letters, digits, '-' and ':' (a date, an event's id and offset). */
bool cp_scope_parse(const char *text, struct cp_scope *out, struct cp_error *err);
/* Writes the scope as it is written above. */
void cp_scope_format(const struct cp_scope *scope, char out[CP_SCOPE_SIZE]);
bool cp_scope_equal(const struct cp_scope *a, const struct cp_scope *b);

/* What is asked about. organisation may be NULL (none). */
struct cp_scope_subject {
    const char *campaign, *organisation, *account, *post, *occurrence;
};
bool cp_scope_covers(const struct cp_scope *scope, const struct cp_scope_subject *subject);

#endif

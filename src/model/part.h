/* src/model/part.h - the states of a part, and every legal step between them.
 *
 * Only these states are stored. What people see besides (due, waiting, uploading, held, late, standby,
 * seen) is derived by cp_part_shown().
 */
#ifndef CP_MODEL_PART_H
#define CP_MODEL_PART_H

#include "base/error.h"

#define CP_PART_STATE_MAP(X)                                                                       \
    X(PLANNED, "planned")                                                                          \
    X(IN_FLIGHT, "in_flight")                                                                      \
    X(VERIFY, "verify")                                                                            \
    X(UNCERTAIN, "uncertain")                                                                      \
    X(PUBLISHED, "published")                                                                      \
    X(REJECTED, "rejected")                                                                        \
    X(EXPIRED, "expired")                                                                          \
    X(CANCELLED, "cancelled")

enum cp_part_state {
    CP_NOWHERE, /* not a state: what the table says of a forbidden step */
#define X(name, word) CP_##name,
    CP_PART_STATE_MAP(X)
#undef X
        CP_PART_STATES
};

#define CP_PART_EVENT_MAP(X)                                                                       \
    X(ON_START, "start")           /* in_flight is made durable */                                 \
    X(ON_ACCEPTED, "accepted")     /* the platform named the post */                               \
    X(ON_SURELY_NOT, "surely not") /* nothing was done: try again */                               \
    X(ON_DOUBT, "doubt")                                                                           \
    X(ON_REJECTED, "rejected")                                                                     \
    X(ON_FOUND, "found")                                                                           \
    X(ON_ABSENT, "absent")                                                                         \
    X(ON_NO_PROOF, "no proof")                                                                     \
    X(ON_TOO_LATE, "too late")                                                                     \
    X(ON_CANCEL, "cancel")                                                                         \
    X(ON_RETRY, "retry")       /* a person, or an edit of a rejected one */                        \
    X(ON_RESOLVED, "resolved") /* a person says that it is out */                                  \
    X(ON_RESEND, "resend")     /* a person says that it is not */                                  \
    X(ON_MOVED, "moved")       /* an edit moves due of an expired one ahead */

enum cp_part_event {
#define X(name, word) CP_##name,
    CP_PART_EVENT_MAP(X)
#undef X
        CP_PART_EVENTS
};

/* The words used in ledger, log, status and pages. */
const char *cp_part_state_name(enum cp_part_state state);
const char *cp_part_event_name(enum cp_part_event event);
/* CP_NOWHERE for a word that names no state. */
enum cp_part_state cp_part_state_parse(const char *word);

/* The state after `event`, or CP_NOWHERE: what is not in the table is forbidden. */
enum cp_part_state cp_part_next(enum cp_part_state from, enum cp_part_event event);
/* published and cancelled: never left. */
bool cp_part_is_final(enum cp_part_state state);
/* in_flight and verify: something of it may be under way at the server. */
bool cp_part_is_open(enum cp_part_state state);

/* What decides the word that people see, gathered from ledger row and engine. */
struct cp_part_view_input {
    enum cp_part_state state;
    bool wanted, standby, late, held, uploading, seen, waiting;
    int64_t due_us, now_us;
};
/* "unwanted", "standby", "late", "held", "waiting", "uploading", "due", "planned"; "in_flight", …
 * "published", "seen". */
const char *cp_part_shown(const struct cp_part_view_input *input);

/* A delivery's word from those of its parts, worst first: uncertain, rejected, expired, verify,
 * in_flight, then the word of the first part that is not out, then published, seen. */
const char *cp_delivery_shown(const char *const *words, size_t count);

#endif

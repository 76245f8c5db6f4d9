/* src/engine/engine.h - the decisions: step(state, event, now) to actions. Pure.
 *
 * The engine knows parts by number, states, times and verdicts; never texts, requests or SQL. The
 * service tells it what happened (an event) and carries out what it answers (actions), in order.
 * Clock, randomness, disk and network are outside: the same events at the same times give the same
 * actions, bit for bit, which is what lets a simulator live through years with this very code.
 *
 * The objects:
 *   account    settings, guarantee, window of its own posts, one publishing step at a time; unknown
 *              until who_am_i has succeeded
 *   server     what accounts of one origin share: not_before, back-off, breaker
 *   delivery   loaded from the ledger once it is due, open, published but not seen, or decided about;
 *              dropped again when nothing is left to do. Far away ones stay in the ledger alone.
 *   hold       a scope that stops deliveries
 *
 * The life of a part, as messages (-> event, <- action):
 *   -> LOAD            <- PREPARE   (claimed: may go, window open, account free)
 *   -> READY           <- COMMIT planned>in_flight   (asked once more: may it go?)
 *   -> COMMITTED       <- PUBLISH
 *      (cp_engine_gate() is asked when the connection stands)
 *   -> OUTCOME         <- COMMIT in_flight>published | planned | rejected | verify
 *   -> COMMITTED       <- LOOK_UP   (read-back; or, in verify, when settled)
 *   -> LOOKED_UP       <- COMMIT seen | verify>published | verify>planned | verify>uncertain ...
 *
 * Memory for events is borrowed for the call; what actions point to is valid until the next step.
 */
#ifndef CP_ENGINE_ENGINE_H
#define CP_ENGINE_ENGINE_H

#include "base/error.h"
#include "model/model.h"
#include "time/time.h"

struct cp_engine;

/* Why a part does not go now; the word is shown to people. Those before CP_WAIT_NOT_DUE are
 * asked at claim and again at the gate, the others at claim only. */
#define CP_WAIT_MAP(X)                                                                             \
    X(NOTHING, "may go")                                                                           \
    X(UNWANTED, "no longer in the schedule")                                                       \
    X(STANDBY, "standby: waits for a release")                                                     \
    X(LATE, "late: was already past when it was accepted; waits for a release")                    \
    X(HELD, "held")                                                                                \
    X(SEND_BY, "past its send_by")                                                                 \
    X(PARENT, "waits for the part before it")                                                      \
    X(ACCOUNT, "waits until the account is confirmed by its server")                               \
    X(CLOCK, "the clock is not trusted")                                                           \
    X(TWIN, "the same text is being verified on this account")                                     \
    X(STOPPING, "the service is ending")                                                           \
    X(NOT_DUE, "not due yet")                                                                      \
    X(NOT_BEFORE, "tries again later")                                                             \
    X(SERVER, "its server asked to wait, or does not answer")                                      \
    X(BUSY, "another post of the account is on its way")                                           \
    X(SPACING, "keeps its distance to the account's last post")                                    \
    X(WINDOW, "the account's limit for this time is used up")                                      \
    X(OVERDUE, "overdue: goes out one by one")

enum cp_wait {
#define X(name, word) CP_WAIT_##name,
    CP_WAIT_MAP(X)
#undef X
        CP_WAITS
};
const char *cp_wait_name(enum cp_wait wait);

/* ---- What the service tells ---------------------------------------------------------------- */

struct cp_engine_account {
    uint32_t number;                 /* the ledger's; stable */
    const char *name, *organisation; /* organisation may be NULL */
    uint32_t server; /* the same for accounts that share an origin; they share its throttle */
    enum cp_guarantee guarantee;
    bool can_look_up; /* the adapter has a look-up */
    struct cp_limits
        limits; /* final: configuration over facts over defaults; settle_us < 0: the general rule */
    int64_t request_timeout_us; /* of a publishing request, for the settle time */
    const char *remote_id;      /* bound in the ledger, or NULL */
    const int64_t *recent_us; /* plan times of its last publishings inside the window, ascending */
    size_t recent_count;
};

struct cp_engine_part {
    enum cp_part_state state;
    unsigned generation;
    unsigned absences;     /* times that doubt ended in "absent" so far */
    int64_t not_before_us; /* wall; 0: none */
    int64_t attempt_us;    /* wall time at which the newest try became in_flight; 0: none */
    uint64_t text_hash;    /* equal texts have equal hashes */
    bool seen;
};

struct cp_engine_delivery {
    int64_t row; /* the ledger's number */
    uint32_t account;
    const char *campaign, *post, *occurrence;
    int64_t due_us, send_by_us, first_seen_us; /* plan time */
    bool wanted, standby, released;
    int64_t revision;
    const struct cp_engine_part *parts;
    size_t part_count;
};

/* What became of a publishing attempt, whatever transport made it. */
enum cp_acted {
    CP_ACTED_NO, /* the gate was never asked, or said no on its first call; or a large body was cut short */
    CP_ACTED_UNKNOWN, /* the gate said yes, no complete reply came */
    CP_ACTED_REPLIED, /* a complete reply came; the adapter's verdict says what it means */
};

enum cp_engine_event_kind {
    CP_EV_ACCOUNT,      /* account: new or changed; who_am_i is wanted anew */
    CP_EV_ACCOUNT_GONE, /* number: has left the configuration */
    CP_EV_LOAD, /* delivery: as the ledger has it now; replaces what was known of it. Accounts and holds are
                           told before: a delivery of an account that was not is one whose account has left */
    CP_EV_HOLD,      /* row, scope, own, reason: works from this moment */
    CP_EV_RELEASE,   /* row: the hold has ended (after its commit) */
    CP_EV_READY,     /* row, part: its next request is the publishing one */
    CP_EV_NOT_READY, /* row, part: a prepare step failed: verdict, not_before, throttled, reason */
    CP_EV_COMMITTED, /* row, part, result: of the change that was to be committed for it */
    CP_EV_OUTCOME, /* row, part: acted, stopped, verdict, not_before, throttled, remote_id, url, reason, connected */
    CP_EV_LOOKED_UP, /* row, part: verdict, remote_id, url, difference, reason; date */
    CP_EV_WHO,       /* number: verdict, remote_id, conflict, guarantee, limits, date, reason */
    CP_EV_DECIDE, /* row, part (0: all that it fits), decision, remote_id, reason, by: a person's; delivery: as the
                     ledger has it now, for one that is decided about is often not loaded (NULL: it is loaded) */
    CP_EV_TICK,          /* time has passed */
    CP_EV_COMMIT_FAILED, /* nothing may be sent any more */
    CP_EV_STOP,          /* begin nothing new */
};

enum cp_commit_result {
    CP_COMMIT_APPLIED,
    CP_COMMIT_STALE, /* state, generation or revision was another: the service reloads the delivery after this */
    CP_COMMIT_BOUND, /* the remote id is bound to another part already: this one was made uncertain */
};

enum cp_decision {
    CP_DECIDE_RELEASE, /* standby or late: goes now; due and send_by are new (in the LOAD that follows) */
    CP_DECIDE_RETRY,     /* rejected, expired; part 1 only while its send_by is still to come */
    CP_DECIDE_CANCEL,    /* planned, uncertain */
    CP_DECIDE_PUBLISHED, /* uncertain: it is out, as remote_id */
    CP_DECIDE_ABSENT,    /* uncertain: it is not; try again under the next generation */
    CP_DECIDE_GIVE_UP,   /* uncertain: cancelled, whatever became of it */
};

struct cp_engine_event {
    enum cp_engine_event_kind kind;
    int64_t row;     /* delivery, or hold */
    unsigned part;   /* 1-based */
    uint32_t number; /* account */
    const struct cp_engine_account *account;
    const struct cp_engine_delivery *delivery;
    const struct cp_scope *scope;
    bool own; /* HOLD: placed by the program itself */
    enum cp_commit_result result;
    enum cp_acted acted;
    enum cp_wait
        stopped; /* OUTCOME with CP_ACTED_NO: what the gate answered; NOTHING: it was not asked */
    bool
        connected; /* OUTCOME, NOT_READY, LOOKED_UP, WHO: a connection stood, so the server lives */
    enum cp_verdict_kind
        verdict; /* OUTCOME: with CP_ACTED_REPLIED; with CP_ACTED_NO only REAUTHENTICATE and
                    MISCONFIGURED (a certificate that is not to be trusted) are looked at */
    int64_t not_before_us; /* wall; 0: none said */
    bool throttled;
    const char *remote_id, *url, *difference, *reason;
    const char *conflict;        /* WHO: the other account that has this remote id, or NULL */
    enum cp_guarantee guarantee; /* WHO: as learnt */
    struct cp_limits limits;     /* WHO: as learnt, final */
    int64_t date_us;             /* the server's clock when it answered; 0: not told */
    enum cp_decision decision;
    const char *by; /* DECIDE: who */
};

/* ---- What the engine answers --------------------------------------------------------------- */

/* One change of one part: compare-and-set on (row, part, from, generation), into in_flight also on
 * the delivery's revision. The ledger writes it with an `entry` row, in one transaction per batch. */
struct cp_part_change {
    int64_t row;
    unsigned part;
    const char *name; /* "campaign/post/occurrence/account", "…#2" of a thread: for people */
    enum cp_part_state from, to;         /* equal: only seen, checkpoint or reason change */
    enum cp_part_event event;            /* meaningless when from == to */
    unsigned generation, new_generation; /* compared, written */
    int64_t revision;                    /* compared when to == CP_IN_FLIGHT */
    unsigned absences;                   /* written */
    int64_t not_before_us;               /* written; wall, 0: none */
    bool checkpoint_only;                /* from == to: nothing but the checkpoint is written */
    bool seen;                   /* written as the wall time of the change; never taken back */
    const char *remote_id, *url; /* written when not NULL */
    const char *reason;          /* why, for people; may be NULL */
    const char *notice;          /* what a person must be told, or NULL */
    const char *by;              /* who decided; NULL: the program */
    int64_t plan_us, wall_us;
    /* Filled in by the service, never by the engine. */
    const char *checkpoint; /* NULL: unchanged */
    const char *frozen;     /* the publishing request as JSON, with to == CP_IN_FLIGHT */
    const char *evidence; /* what is known of the try (status, reply's digest), as JSON; or NULL */
};

enum cp_action_kind {
    CP_DO_COMMIT,  /* change; answer with COMMITTED */
    CP_DO_PREPARE, /* row, part: run its turns up to the publishing request; READY or NOT_READY */
    CP_DO_PUBLISH, /* row, part: in_flight is durable: send the frozen request; OUTCOME */
    CP_DO_LOOK_UP, /* row, part, read_back: run the look-up turns; LOOKED_UP */
    CP_DO_ABORT, /* row, part: end its transfer now. OUTCOME, LOOKED_UP or, of what is being prepared or is ready,
                       NOT_READY still follows */
    CP_DO_WHO_AM_I, /* number: ask who we are and what the server can do; WHO */
    CP_DO_BIND,     /* number, remote_id: write who we are into the account's row */
    CP_DO_HOLD, /* scope, reason, notice: write a hold of the program's own; HOLD once it has its row */
    CP_DO_END_HOLD, /* row of a hold, reason: end it; RELEASE */
    CP_DO_NOTICE,   /* number (0: none), notice: tell a person */
    CP_DO_FORGET,   /* row: nothing is left to do for this delivery */
};

struct cp_action {
    enum cp_action_kind kind;
    int64_t row;
    unsigned part;
    uint32_t number;
    bool read_back;
    struct cp_part_change change;
    struct cp_scope scope;
    const char *remote_id, *reason, *notice;
};

struct cp_actions {
    const struct cp_action *items; /* the engine's; valid until the next step */
    size_t count;
};

/* ---- The engine ---------------------------------------------------------------------------- */

struct cp_engine_options {
    uint64_t seed;     /* of the jitter */
    int64_t newest_us; /* the newest wall time in the ledger: a clock behind it is not trusted */
    int64_t overdue_after_us; /* 0: one minute */
    const struct cp_scope
        *only;         /* copied; nothing else is prepared, sent or let expire. NULL: all */
    struct cp_now now; /* at the start */
};

struct cp_engine *cp_engine_create(const struct cp_engine_options *options, struct cp_error *err);
void cp_engine_free(struct cp_engine *engine);

/* The one way in. Never fails: when memory runs out the engine stops claiming, as after COMMIT_FAILED. */
void cp_engine_step(struct cp_engine *engine, const struct cp_engine_event *event,
                    const struct cp_now *now, struct cp_actions *out);

/* May a byte of this part leave now? The last question before it does. It changes nothing; the answer
 * is CP_WAIT_NOTHING for yes. */
enum cp_wait cp_engine_gate(const struct cp_engine *engine, int64_t row, unsigned part,
                            const struct cp_now *now);

/* Is this delivery loaded? */
bool cp_engine_has(const struct cp_engine *engine, int64_t row);

/* Why does this delivery's first unfinished part not go? For status; a delivery that is not loaded: NOT_DUE. */
enum cp_wait cp_engine_explain(const struct cp_engine *engine, int64_t row,
                               const struct cp_now *now);

/* When the engine wants its next TICK: the earliest moment in plan time (due of loaded ones, send_by,
 * spacing, window, drip) and the earliest in boot time (back-off, settle, read-back). CP_NEVER: none. */
void cp_engine_wake(const struct cp_engine *engine, int64_t *plan_us, int64_t *boot_us);

/* What is under way. A service that runs --once ends, and plan time may jump, when all of it is zero. */
struct cp_engine_load {
    size_t open;         /* in_flight or verify */
    size_t unseen;       /* published, read-back still to come */
    size_t preparing;    /* claimed: a turn or a commit is under way */
    size_t waiting;      /* due, and waiting on real time: back-off, server, who_am_i under way */
    size_t plan_waiting; /* waiting on plan time alone: window, spacing, drip */
    size_t held;         /* due but held, late or standby: nobody will move it but a person */
};
void cp_engine_outstanding(const struct cp_engine *engine, const struct cp_now *now,
                           struct cp_engine_load *out);

#endif

/* src/engine/engine_private.h - the state between two steps, and what the engine's files share.
 *
 * A step has four phases. The event changes memory and marks what it touched; due timers do the
 * same; then every touched delivery is placed anew and every touched account is asked for its next
 * claim and look-up; at last deliveries with nothing left to do are forgotten. Nothing else decides,
 * so the order of marks inside a step never matters.
 *
 * Where a delivery waits follows from its first part that is not out:
 *     due heap (plan time)  ->  on_time or overdue queue of its account  ->  claimed
 *     parked: only an event can move it     backing off: boot heap
 * What is asked of each account or server (busy, window, throttle) is asked of the queue's head
 * alone, so that a hundred thousand waiting deliveries cost nothing.
 *
 * What is believed of a part is what the ledger has confirmed. A change under way stands in `next`
 * and is taken over when COMMITTED says so; until then the part is not touched again.
 */
#ifndef CP_ENGINE_ENGINE_PRIVATE_H
#define CP_ENGINE_ENGINE_PRIVATE_H

#include "base/arena.h"
#include "engine/engine.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define CP_BACKOFF_BASE  (2 * CP_SECOND)
#define CP_BACKOFF_MOST  (15 * CP_MINUTE)
#define CP_RETRY_AFTER   CP_DAY          /* the longest that a server may make us wait */
#define CP_CLOCK_SLACK   (2 * CP_MINUTE) /* beyond this a clock is wrong, not late */
#define CP_SETTLE_LEAST  CP_MINUTE
#define CP_READ_BASE     (5 * CP_SECOND) /* between reads that prove nothing */
#define CP_READ_MOST     (5 * CP_MINUTE)
#define CP_VERIFY_NOTICE CP_HOUR
#define CP_ASK_AGAIN     (15 * CP_MINUTE) /* who_am_i while an account is in trouble */
#define CP_OVERDUE_AFTER CP_MINUTE
#define CP_OVERDUE_EVERY (5 * CP_MINUTE)
enum { CP_ABSENCES_MOST = 3, CP_READ_BACKS = 5 };

/* ---- heap.c: indexed binary heaps of nodes inside other structures ------------------------- */

enum node_kind {
    NODE_TURN,
    NODE_EXPIRY,
    NODE_ACCOUNT,
    NODE_WHO,
    NODE_SERVER,
    NODE_READ,
    NODE_LONG
};

struct heap;

struct node {
    int64_t key;
    struct heap *heap; /* NULL: in none */
    uint32_t index;
    uint32_t tie; /* orders equal keys, so that runs repeat exactly */
    enum node_kind kind;
};

struct heap {
    struct node **items;
    size_t count, capacity;
};

/* False: no memory; the node is in no heap. A node that is in one already is moved. */
bool engine_heap_put(struct heap *heap, struct node *node, int64_t key);
void engine_heap_remove(struct node *node); /* in none: nothing happens */
static inline struct node *heap_top(const struct heap *heap)
{
    return heap->count ? heap->items[0] : NULL;
}
void engine_heap_release(struct heap *heap);
#define OWNER(node, type, member) ((struct type *)((char *)(node)-offsetof(struct type, member)))

/* ---- the objects --------------------------------------------------------------------------- */

struct server {
    uint32_t number;
    unsigned failures;     /* connections in a row that did not come about */
    unsigned throttles;    /* "too many requests" in a row that named no time */
    unsigned requests;     /* claims and look-ups under way */
    int64_t not_before_us; /* boot */
    int64_t lag_us;        /* the longest seen between "ok" and a read that found the post */
    struct node timer;
    struct account *accounts;
    UT_hash_handle hh;
};

enum trouble {
    TROUBLE_NONE,
    TROUBLE_CREDENTIAL,    /* 401: a new login helps */
    TROUBLE_IDENTITY,      /* another account than before, or two names for one */
    TROUBLE_CONFIGURATION, /* the server refuses us for good */
};

/* What an account publishes, and when it may publish next: all in plan time. */
struct window {
    int64_t *times; /* circular; the newest `count`, at most limits.posts */
    size_t first, count, capacity;
    int64_t last_us, overdue_us; /* newest publishing, newest overdue one; INT64_MIN: none */
    int64_t last_before_us, overdue_before_us; /* the same before the try under way */
};

struct account {
    uint32_t number;
    char *name, *organisation, *remote_id;
    struct server *server;
    struct account *next_of_server;
    enum cp_guarantee guarantee;
    struct cp_limits limits;
    int64_t request_timeout_us;
    struct window window;

    bool can_look_up, gone, known;
    bool asked, ask_again; /* who_am_i is under way; and is out of date already */
    bool hold_asked;       /* a hold of ours is on its way into the ledger */
    bool dirty;
    enum trouble trouble;
    unsigned who_failures;

    struct delivery *claim; /* the one publishing step */
    unsigned claim_part;
    bool claim_overdue, claim_aborting; /* aborting: NOT_READY is on its way */
    struct delivery *looking;
    unsigned looking_part;
    unsigned open;  /* parts in in_flight or verify */
    unsigned twins; /* deliveries parked because of an equal text */

    struct heap on_time, overdue, reads;
    struct node timer, who; /* plan: window, spacing, drip; boot: who_am_i again */
    struct account *next_dirty;
    UT_hash_handle hh;
};

enum phase {
    PHASE_REST,
    PHASE_PREPARING,
    PHASE_COMMITTING,
    PHASE_PUBLISHING,
    PHASE_LOOKING,
};

/* What a change will make true. */
struct wish {
    enum cp_part_state to;
    enum cp_part_event event;
    unsigned generation, absences;
    int64_t not_before_us;
    bool seen, give_up;
    const char *remote_id, *url, *reason, *notice, *by;
};

/* A part's reading and committing; most parts never need it at the same time as others. */
struct work {
    struct delivery *delivery;
    unsigned part;
    struct node read, long_since;
    int64_t began_us;  /* boot: when the try began, or as far as known after a restart */
    int64_t read_us;   /* boot: not before this is it read */
    int64_t absent_us; /* boot: when the first read did not find it; CP_NEVER: none did */
    int64_t out_us;    /* boot: when the server said ok; INT64_MIN: before the start */
    unsigned reads, absent_reads, unclear;
    bool in_verify; /* the fields above are about a doubt */
    struct {
        enum cp_part_state from, to;
        unsigned generation, absences;
        int64_t not_before_us;
        bool seen, give_up;
    } next;
};

struct part {
    struct work *work; /* NULL: at rest */
    int64_t not_before_us, attempt_us;
    uint64_t text_hash;
    uint32_t generation;
    uint8_t state, phase, absences, failures;
    bool seen, given_up; /* given up: not read back any more */
    bool unseen;         /* it is to be read back */
    bool ours;           /* in_flight or published since the start */
};

enum where { AT_REST, IN_DUE, IN_ON_TIME, IN_OVERDUE, IN_BACKOFF, PARKED };

struct delivery {
    int64_t row;
    struct account *account;
    char *names; /* campaign, post and occurrence, each terminated */
    uint16_t post_at, occurrence_at;
    uint16_t part_count, current; /* current: the first part not published; part_count: none */
    int64_t due_us, send_by_us, revision;
    int64_t not_before_us; /* boot; of the current part */
    struct part *parts;
    struct node turn, expiry;
    struct delivery *next_touched;
    uint8_t where, reason; /* reason: enum cp_wait while PARKED */
    bool wanted, standby, late, overdue, touched;
    bool early_hold; /* a hold stood already when it was due */
    bool stale;      /* the ledger knows better; a LOAD is on its way */
    UT_hash_handle hh;
};

struct hold {
    int64_t row;
    struct cp_scope scope;
    bool own, clock, ending;
    struct hold *next;
};

struct twin_key {
    uint64_t text_hash;
    uint64_t account;
};

struct twin {
    struct twin_key key;
    unsigned count;
    UT_hash_handle hh;
};

struct cp_engine {
    struct cp_now now;    /* of this step */
    int64_t clock_offset; /* wall minus boot, at the last step */
    int64_t overdue_after_us;
    uint64_t random;
    bool clock_trusted, clock_hold_asked;
    bool stopping; /* begin nothing new */
    bool failed;   /* a commit failed: do nothing at all */
    bool some;     /* `only` says which deliveries are ours; else all are */
    struct cp_scope only;

    struct account *accounts, *dirty;
    struct server *servers;
    struct delivery *deliveries, *touched;
    struct hold *holds;
    struct twin *twins;
    struct heap plan_timers, boot_timers;

    size_t open, unseen, preparing, backing_off, held, twins_parked;

    struct cp_action *actions;
    size_t action_count, action_capacity;
    struct cp_arena *strings; /* of this step's actions; NULL: none yet */
};

/* ---- engine.c ------------------------------------------------------------------------------ */

/* A new action of this step; with no memory for it the engine stops, and gets a spare one. */
struct cp_action *engine_act(struct cp_engine *e, enum cp_action_kind kind);
/* A text that lives until the next step. */
const char *engine_text(struct cp_engine *e, const char *text);
const char *engine_printf(struct cp_engine *e, const char *fmt, ...) CP_PRINTF(2, 3);
void engine_notice(struct cp_engine *e, const struct account *a, const char *notice);
void engine_no_memory(struct cp_engine *e);
void engine_timer(struct cp_engine *e, struct heap *heap, struct node *node, int64_t key);
uint64_t engine_random(struct cp_engine *e);

/* ---- account.c ----------------------------------------------------------------------------- */

struct account *engine_account_find(const struct cp_engine *e, uint32_t number);
/* The account of that number; when it is not known, one that is gone. NULL: no memory. */
struct account *engine_account_need(struct cp_engine *e, uint32_t number);
void engine_account_dirty(struct cp_engine *e, struct account *a);
void engine_account_event(struct cp_engine *e, const struct cp_engine_event *event);
void engine_account_gone(struct cp_engine *e, uint32_t number);
void engine_account_who(struct cp_engine *e, const struct cp_engine_event *event);
void engine_account_ask(struct cp_engine *e, struct account *a);
void engine_account_ask_at(struct cp_engine *e, struct account *a, int64_t boot_us);
void engine_account_trouble(struct cp_engine *e, struct account *a, enum trouble trouble,
                            const char *reason);
void engine_account_free(struct cp_engine *e, struct account *a);

/* ---- window.c: limits of one account, in plan time ----------------------------------------- */

bool engine_window_init(struct window *window, const int64_t *times, size_t count);
/* A try begins, ends in nothing, ends in a post. */
void engine_window_begin(struct window *window, int64_t plan_us, bool overdue);
void engine_window_undo(struct window *window);
bool engine_window_add(struct window *window, const struct cp_limits *limits, int64_t plan_us);
/* Why not now, and when (CP_NEVER: not by the passing of time). */
enum cp_wait engine_window_wait(const struct account *a, bool overdue, int64_t plan_us,
                                int64_t *out_us);

/* ---- server.c ------------------------------------------------------------------------------ */

struct server *engine_server_need(struct cp_engine *e, uint32_t number);
bool engine_server_open(const struct server *s, int64_t boot_us);
void engine_server_begin(struct server *s);
void engine_server_end(struct cp_engine *e, struct server *s);
/* Does the event prove that the server lives? */
bool engine_server_answered(const struct cp_engine_event *event);
/* What an answer, or the lack of one, says of the server. */
void engine_server_heard(struct cp_engine *e, struct server *s,
                         const struct cp_engine_event *event);
void engine_server_wake(struct cp_engine *e, struct server *s);
/* Full jitter: from nothing to 2 s, 4 s ... 15 min. failures: 1 for the first. */
int64_t engine_backoff(struct cp_engine *e, unsigned failures);
/* How long until a moment of wall time that a server named: at most a day. */
int64_t engine_wall_delay(const struct cp_engine *e, int64_t wall_us);

/* ---- clock.c ------------------------------------------------------------------------------- */

void engine_clock_step(struct cp_engine *e, const struct cp_now *now,
                       enum cp_engine_event_kind kind);
void engine_clock_date(struct cp_engine *e, const struct account *a, int64_t date_us);
void engine_clock_trust(struct cp_engine *e);

/* ---- hold.c -------------------------------------------------------------------------------- */

bool engine_held(const struct cp_engine *e, const struct delivery *d);
/* Left to another run: this one was told to see to others only. */
bool engine_outside(const struct cp_engine *e, const struct delivery *d);
void engine_hold_event(struct cp_engine *e, const struct cp_engine_event *event);
void engine_hold_release(struct cp_engine *e, int64_t row);
/* Ends the program's own holds of exactly this account. */
void engine_hold_end_of(struct cp_engine *e, const struct account *a, const char *reason);
bool engine_hold_stands(const struct cp_engine *e, const struct account *a);
void engine_hold_end(struct cp_engine *e, struct hold *h, const char *reason);

/* ---- delivery.c ---------------------------------------------------------------------------- */

struct delivery *engine_delivery_find(const struct cp_engine *e, int64_t row);
void engine_delivery_load(struct cp_engine *e, const struct cp_engine_delivery *from);
void engine_delivery_free(struct cp_engine *e, struct delivery *d);
void engine_delivery_touch(struct cp_engine *e, struct delivery *d);
void engine_delivery_touch_all(struct cp_engine *e);
void engine_delivery_twins_free(struct cp_engine *e, struct account *a, uint64_t text_hash);
/* "campaign/post/occurrence/account#2", for people. */
const char *engine_delivery_name(struct cp_engine *e, const struct delivery *d, unsigned index);
bool engine_delivery_idle(const struct delivery *d);

/* ---- place.c ------------------------------------------------------------------------------- */

/* Puts a delivery where it has to wait now, or begins what it needs. */
void engine_delivery_place(struct cp_engine *e, struct delivery *d);
/* Takes it out of every queue. */
void engine_delivery_unplace(struct cp_engine *e, struct delivery *d);
/* Out of the queues until an event moves it. */
void engine_delivery_park(struct cp_engine *e, struct delivery *d, enum cp_wait reason);
/* Is its send_by over? */
bool engine_past(const struct cp_engine *e, const struct delivery *d);

/* ---- claim.c ------------------------------------------------------------------------------- */

enum cp_wait cp_engine_may_send(const struct cp_engine *e, const struct delivery *d, unsigned index,
                                const struct cp_now *now);
/* What the account itself has against a claim now. */
enum cp_wait engine_account_wait(const struct cp_engine *e, const struct account *a, bool overdue,
                                 const struct cp_now *now, int64_t *out_us);
void engine_account_pump(struct cp_engine *e, struct account *a);
void engine_claim_end(struct cp_engine *e, struct account *a);
void engine_claim_abort(struct cp_engine *e, struct account *a);
void engine_claim_abort_all(struct cp_engine *e);
bool engine_claimed(const struct delivery *d, unsigned index);
bool engine_claim_lives(const struct delivery *d, unsigned index);
void engine_part_ready(struct cp_engine *e, struct delivery *d, unsigned index);
void engine_part_not_ready(struct cp_engine *e, struct delivery *d, unsigned index,
                           const struct cp_engine_event *event);

/* ---- part.c -------------------------------------------------------------------------------- */

struct work *engine_part_work(struct cp_engine *e, struct delivery *d, unsigned index);
void engine_part_work_free(struct part *p);
void engine_part_set_phase(struct cp_engine *e, struct part *p, enum phase phase);
/* Takes a state over, with all that is counted by it. */
void engine_part_set_state(struct cp_engine *e, struct delivery *d, unsigned index,
                           enum cp_part_state state);
struct wish engine_part_wish(const struct part *p, enum cp_part_state to, enum cp_part_event event);
void engine_part_set_unseen(struct cp_engine *e, struct part *p, bool unseen);
void engine_part_commit(struct cp_engine *e, struct delivery *d, unsigned index,
                        const struct wish *wish);
void engine_part_committed(struct cp_engine *e, struct delivery *d, unsigned index,
                           enum cp_commit_result result);
void engine_part_outcome(struct cp_engine *e, struct delivery *d, unsigned index,
                         const struct cp_engine_event *event);
/* Sure that nothing was done: when is the part tried again, in wall time? Counts the failure. */
int64_t engine_part_retry_at(struct cp_engine *e, struct part *p,
                             const struct cp_engine_event *event);

/* ---- decide.c ------------------------------------------------------------------------------ */

void engine_part_decide(struct cp_engine *e, const struct cp_engine_event *event);

/* ---- verify.c: everything that is read ----------------------------------------------------- */

/* A part has just become verify, or is loaded in it. */
void engine_verify_begin(struct cp_engine *e, struct delivery *d, unsigned index);
void engine_read_back_begin(struct cp_engine *e, struct delivery *d, unsigned index);
bool engine_read_back_wanted(const struct delivery *d, unsigned index);
void engine_verify_long(struct cp_engine *e, struct work *w);
void engine_verify_uncertain(struct cp_engine *e, struct delivery *d, unsigned index,
                             const char *why);
/* The moment of boot time at which the part may be read. */
int64_t engine_read_at(const struct work *w);
/* Into the account's queue of reads, or into the timers until that moment. */
void engine_read_schedule(struct cp_engine *e, struct work *w);
void engine_look_begin(struct cp_engine *e, struct work *w);
void engine_look_end(struct cp_engine *e, struct account *a);
void engine_part_looked_up(struct cp_engine *e, struct delivery *d, unsigned index,
                           const struct cp_engine_event *event);

#endif

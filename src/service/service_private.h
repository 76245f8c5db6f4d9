/* src/service/service_private.h - the object behind the service, shared by its files only. */
#ifndef CP_SERVICE_SERVICE_PRIVATE_H
#define CP_SERVICE_SERVICE_PRIVATE_H

#include <uv.h>

#include "service/errand.h"
#include "service/preview.h"
#include "service/service.h"

#include "base/buffer.h"
#include "base/log.h"
#include "loop/loop.h"

/* Sending pauses when less than this is free where the ledger is. */
enum { CP_ROOM_LEAST = 16 << 20 };

/* The clock of one service: the system's, or one whose plan time is set by jumps alone. */
struct service_clock {
    struct cp_clock clock; /* first: see time/time.h */
    bool fast_forward;
    int64_t plan_us;
};

/* What the service knows of one account. Counted: errands in flight keep the version they began with. */
struct account {
    unsigned refs;
    struct account *next; /* of service->accounts; the gone ones are not in it */
    struct cp_arena *arena;
    struct cp_account config; /* a copy of its own */
    const struct cp_adapter *adapter;
    struct cp_settings settings;
    struct cp_credential *credential;
    char credential_problem[400]; /* why there is none; "" when there is or none is needed */
    int64_t credential_seen;      /* modification time of its file, to notice a new login */
    uint32_t number, server;
    struct cp_facts facts;
    const char *facts_json, *remote_id; /* as in the ledger; remote_id NULL: not bound */
    int64_t skew_us;
    size_t bound;              /* remote ids bound to its parts, when it was loaded */
    char random[48];           /* for who_am_i, see camp-post/adapter.h */
    struct cp_errand *errand;  /* who_am_i or facts under way */
    const char *who_remote_id; /* what who_am_i said, while facts are being read */
    int64_t who_date_us, who_read_us;
};

/* A part whose turns are under way. */
struct part_job {
    struct part_job *next, **link;
    struct service *service;
    struct account *account;
    int64_t row;
    unsigned part;
    enum cp_purpose purpose;
    bool read_back, waits_for_checkpoint;
    enum cp_wait stopped; /* what the gate answered last */
    struct cp_work work;
    struct cp_arena *arena;
    struct cp_errand *errand;
    char *frozen, *checkpoint, *evidence; /* for the next commit of this part; NULL: nothing new */
};

/* One thing to be done with the writing connection, on the pool; one at a time, in order. */
struct write_task {
    struct write_task *next;
    /* On a pool thread: only the ledger and what the task owns. False with task->err set: failed. */
    bool (*work)(struct service *service, struct write_task *task);
    /* On the loop, also after a failure. Owns and frees the task. */
    void (*done)(struct service *service, struct write_task *task);
    bool failed;
    struct cp_error err;
};

struct batch; /* writer.c */
struct control;
struct notices;
struct watch;

/* Ids of holds that live in memory only. */
enum { HOLD_OF_FILE = -1, HOLD_OF_ROOM = -2, HOLD_FIRST_COMMAND = -1000 };

struct service {
    struct cp_service_options options;
    uv_loop_t loop;
    bool loop_ready,
        offline; /* offline: a command without a running service: no network, no files */
    struct service_clock clock;
    struct cp_arena *arena; /* of the configuration that is in force */
    struct cp_config *config;
    char *state; /* folder */
    int lock;
    struct cp_ledger *ledger;
    struct cp_transport *transport;
    struct cp_engine *engine;
    struct account *accounts;
    struct part_job *jobs;
    size_t job_count;

    /* dispatch.c */
    bool dispatching;
    struct queued_event *queue_first, **queue_last;
    size_t *decided; /* counts the changes of a person's decision while it is being told */

    /* writer.c */
    struct batch *gathering;
    struct write_task *tasks, **tasks_last;
    struct write_task *running;
    struct cp_job *job;
    bool write_failed;

    /* wake.c */
    uv_prepare_t prepare;
    struct cp_alarm *alarm;
    struct cp_wait_timer *wait, *housekeeping;
    int64_t loaded_us; /* plan time up to which due deliveries were handed to the engine */
    bool jumping;
    bool room_low, hold_file;

    /* acceptance.c */
    bool accepting, accepted; /* a reading is under way; the first one has succeeded */
    bool again;               /* something changed meanwhile */
    struct watch *watch;
    int64_t *touched;
    size_t touched_count, touched_capacity;

    struct control *control;
    struct notices *notices;
    struct signals *signals;
    int64_t next_command_hold;

    /* the end */
    bool stopping, ended;
    int64_t only_waiting_us; /* boot time since which nothing but waiting is left; 0: not so */
    int64_t stop_at_us;      /* boot time at which what is still open is cut off */
    enum cp_service_ending ending;
    struct cp_error *err;
};

struct cp_now service_now(const struct service *service);

/* service.c */
struct service *service_open(const struct cp_service_options *options, bool offline,
                             struct cp_error *err);
void service_close(struct service *service);
/* Begin nothing new; end when what is under way has settled, or after eight seconds. */
void service_stop(struct service *service);
/* Something that can't be mended while running: abort and end with the environment's exit code. */
void service_fail(struct service *service, const struct cp_error *err);
/* The moment before the loop sleeps: commits, timers, jumps, the end. */
void service_before_sleep(struct service *service);

/* guard.c: what is looked at before the ledger is used */
bool guard_find_state(struct service *service, struct cp_error *err);
bool guard_refuse_real_servers(const struct service *service, struct cp_error *err);
bool guard_open_ledger(struct service *service, struct cp_error *err);
bool guard_clock(struct service *service, struct cp_error *err);
bool guard_take_clock(struct service *service, struct cp_error *err);
bool guard_copy(struct service *service, struct cp_error *err);

/* dispatch.c: tells the engine, now or after what is being dispatched; strings are copied if need be. */
void service_tell(struct service *service, const struct cp_engine_event *event);
bool service_load_row(struct service *service, int64_t row);

/* writer.c */
bool writer_open(struct service *service);
void writer_close(struct service *service);
/* checkpoint: a change of the service's own, of which the engine does not hear. */
void writer_add_change(struct service *service, const struct cp_part_change *change,
                       bool checkpoint);
void writer_add_task(struct service *service, struct write_task *task);
void writer_submit(struct service *service);
bool writer_is_idle(const struct service *service);
/* An entry of its own (with a notice), outside of any change. */
void writer_add_entry(struct service *service, const char *kind, json_t *data, const char *notice);

/* part.c */
void part_prepare(struct service *service, int64_t row, unsigned part);
void part_publish(struct service *service, int64_t row, unsigned part);
void part_look_up(struct service *service, int64_t row, unsigned part, bool read_back);
void part_abort(struct service *service, int64_t row, unsigned part);
void part_abort_all(struct service *service);
/* The job of a part that is posting, or NULL. */
struct part_job *part_posting(const struct service *service, int64_t row, unsigned part);
void part_checkpoint_kept(struct service *service, int64_t row, unsigned part, bool applied);

/* account_config.c: accounts come and go with the configuration; account.c: who we are there */
bool account_same_text(const char *a, const char *b);
void account_tell(struct service *service, struct account *account);
void account_take_facts(struct account *account, const char *json);
/* numbers: what the ledger calls each account of the configuration; NULL: it is asked here. */
bool accounts_apply(struct service *service, const struct cp_config *config,
                    const uint32_t *numbers, struct cp_error *err);
struct account *account_find(const struct service *service, uint32_t number);
void account_who_am_i(struct service *service, uint32_t number);
void account_bind(struct service *service, uint32_t number, const char *remote_id);
void account_release(struct account *account);
void accounts_release(struct service *service);
/* Looks whether a credential file has changed (a new login) and asks anew who we are. */
void accounts_look_at_credentials(struct service *service);

/* acceptance.c */
void acceptance_start(struct service *service);

/* watch.c: notices changes of the configuration, the schedules and the media that were just accepted. */
void watch_files(struct service *service, const struct cp_preview *preview);
void watch_stop(struct service *service);

/* wake.c */
bool wake_open(struct service *service, struct cp_error *err);
void wake_close(struct service *service);
void wake_load_due(struct service *service);
void wake_load_open(struct service *service); /* what a restart finds under way */
void wake_update(struct service *service);
/* Is there a HOLD file, or no room on the disk? Changes nothing, but has the service look around soon. */
bool wake_must_pause(struct service *service);
void wake_jump(struct service *service);

/* command.c */
bool service_covers(const struct service *service, const struct cp_scope *scope,
                    const struct cp_ledger_row *row);
typedef void command_answer_fn(json_t *answer, void *ctx);
/* Runs a decision; `answer` (which takes the reference) is called once, on the loop, after its commit. */
void command_run(struct service *service, const json_t *command, command_answer_fn *answer,
                 void *ctx);

/* control.c */
bool control_open(struct service *service, struct cp_error *err);
void control_close(struct service *service);
/* Asks a running service; NULL with err->code 0 when none listens. */
json_t *control_ask(const char *state, const json_t *command, struct cp_error *err);

/* notice.c */
bool notices_open(struct service *service, struct cp_error *err);
void notices_close(struct service *service);
void notices_look(struct service *service);
/* No command is running or about to. */
bool notices_are_told(const struct service *service);
/* sd_notify(3)'s protocol: one datagram to $NOTIFY_SOCKET; does nothing without it. */
void supervisor_tell(const char *state);
/* Microseconds between two signs of life that the supervisor wants; 0: none. */
int64_t supervisor_watchdog_us(void);

#endif

/* src/service/command_private.h - one decision of a person, from the question to the answer. */
#ifndef CP_SERVICE_COMMAND_PRIVATE_H
#define CP_SERVICE_COMMAND_PRIVATE_H

#include "service/service_private.h"

enum command_kind { HOLD, RELEASE, RETRY, CANCEL, RESOLVE };

struct target {
    int64_t row;
    char key[300];
    const char *before, *after; /* words of the state table: constants */
    bool ready;                 /* standby or late: waits for a release */
    bool retriable;             /* has a part that a retry is for */
    bool changed;
};

struct command {
    struct write_task
        task; /* used twice: to ask and write, then as the barrier behind the commits */
    enum command_kind kind;
    struct cp_scope scope;
    unsigned part; /* 0: all */
    char *reason, *by, *published;
    bool absent, cancel, late, standby;
    bool covers_something; /* of a hold */
    int64_t send_by_us;    /* 0: unchanged */
    struct cp_now now;
    int64_t memory_hold, hold_row;
    int64_t ended[64];
    size_t ended_count, waiting, still_held;
    struct target *targets;
    size_t count, capacity;
    struct service *service;
    char still[600]; /* holds that go on standing */
    json_t *under_way;
    command_answer_fn *answer;
    void *ctx;
};

/* command_answer.c: says what became of it, and frees the command. */
void command_give_answer(struct command *command);

#endif

/* src/cli/inquiry.c - asking a server: who we are, what it can do, a login. Reads only, but for the login. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli/cli_private.h"
#include "service/errand.h"

struct asking {
    const struct cp_inquiry *inquiry;
    struct cp_inquiries *inquiries;
    struct cp_verdict *out;
    bool done, refused; /* refused: the person typed nothing */
};

bool cp_inquiries_open(struct cp_inquiries *inquiries, struct cp_arena *arena, struct cp_error *err)
{
    struct cp_transport_options options = { .user_agent = "camp-post/" CAMP_POST_VERSION };

    *inquiries = (struct cp_inquiries){ .arena = arena };
    if (uv_loop_init(&inquiries->loop) < 0)
        return cp_error_no_memory(err);
    inquiries->loop_open = true;
    inquiries->transport = cp_transport_open(&inquiries->loop, &options, err);
    return inquiries->transport != NULL;
}

void cp_inquiries_close(struct cp_inquiries *inquiries)
{
    if (inquiries->transport)
        cp_transport_close(inquiries->transport);
    if (inquiries->loop_open) {
        uv_run(&inquiries->loop, UV_RUN_DEFAULT); /* what is closing gets its last callback */
        uv_loop_close(&inquiries->loop);
    }
    *inquiries = (struct cp_inquiries){ 0 };
}

/* 43 characters of 64: the least that RFC 7636 takes for a verifier, 258 bits. */
static bool make_random(char out[48], struct cp_error *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[43];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return cp_error_set(err, &cp_base_errors, CP_BASE_SYSTEM,
                            "the system gives no random bytes");
    for (size_t i = 0; i < sizeof(bytes); i++)
        out[i] = letters[bytes[i] % 64];
    out[sizeof(bytes)] = '\0';
    return true;
}

/* Without the stop the loop might go to sleep once more, on connections that are kept open. */
static void finish(struct asking *asking)
{
    asking->done = true;
    uv_stop(&asking->inquiries->loop);
}

/* What the errand hands over dies with it. */
static void keep(struct asking *asking, const struct cp_errand_event *event)
{
    struct cp_arena *arena = asking->inquiries->arena;
    struct cp_verdict *out = asking->out;

    *out = event->verdict;
    out->remote_id = cp_arena_string(arena, event->verdict.remote_id);
    out->url = cp_arena_string(arena, event->verdict.url);
    out->name = cp_arena_string(arena, event->verdict.name);
    out->facts = cp_arena_string(arena, event->verdict.facts);
    out->credential = cp_arena_string(arena, event->verdict.credential);
    out->difference = NULL;
    out->reason =
        cp_arena_string(arena, event->verdict.reason ? event->verdict.reason : event->reason);
    finish(asking);
}

static void answer(struct asking *asking, struct cp_errand *errand, const struct cp_ask *ask)
{
    char *typed = asking->inquiry->ask ? asking->inquiry->ask(ask, asking->inquiry->ctx) : NULL;

    if (!typed) {
        asking->refused = true;
        finish(asking);
        return;
    }
    cp_errand_answer(errand, typed);
    cp_wipe(typed, strlen(typed));
    free(typed);
}

static void on_errand(struct cp_errand *errand, const struct cp_errand_event *event, void *ctx)
{
    struct asking *asking = ctx;

    switch (event->kind) {
    case CP_ERRAND_CHECKPOINT:
        cp_errand_continue(errand);
        break;
    case CP_ERRAND_ASK:
        answer(asking, errand, event->ask);
        break;
    case CP_ERRAND_VERDICT:
        keep(asking, event);
        break;
    case CP_ERRAND_PUBLISH: /* the adapter's answers were checked: none of these purposes publishes */
    case CP_ERRAND_OUTCOME:
        finish(asking);
        break;
    }
}

static bool run(struct asking *asking, const struct cp_errand_plan *plan, struct cp_error *err)
{
    struct cp_errand *errand = cp_errand_start(plan, err);

    if (!errand)
        return false;
    uv_run(&asking->inquiries->loop, UV_RUN_DEFAULT);
    cp_errand_free(errand);
    uv_run(&asking->inquiries->loop, UV_RUN_NOWAIT);
    if (asking->refused)
        return cp_error_set(err, &cp_base_errors, CP_BASE_USAGE,
                            "no answer was typed: nothing was done");
    return asking->done ||
           cp_error_set(err, &cp_base_errors, CP_BASE_SYSTEM, "the server was not asked");
}

bool cp_inquire(struct cp_inquiries *inquiries, const struct cp_inquiry *inquiry,
                struct cp_verdict *out, struct cp_error *err)
{
    struct asking asking = { .inquiry = inquiry, .inquiries = inquiries, .out = out };
    struct cp_settings settings;
    char random[48];
    struct cp_errand_plan plan = {
        .loop = &inquiries->loop,
        .transport = inquiries->transport,
        .adapter = inquiry->adapter,
        .settings = &settings,
        .origin = inquiry->account->server,
        .directory = inquiry->account->directory,
        .credential = inquiry->credential,
        .clock = &cp_clock_system,
        .tell = on_errand,
        .ctx = &asking,
        .turn = { .purpose = inquiry->purpose,
                  .wire_key = inquiry->purpose == CP_FACTS ? NULL : random,
                  .account_id = inquiry->account_id,
                  .taken_count = inquiry->taken_count,
                  .facts = inquiry->facts ? inquiry->facts : "{}",
                  .checkpoint = "{}" },
    };

    *out = (struct cp_verdict){ .kind = CP_VERDICT_UNKNOWN };
    cp_settings_of(inquiry->account, inquiries->arena, &settings);
    return make_random(random, err) && run(&asking, &plan, err);
}

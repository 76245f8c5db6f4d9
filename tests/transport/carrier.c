/* tests/transport/carrier.c - see carrier.h. */
#include "carrier.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

void carrier_open(struct carrier *carrier, const struct cp_transport_options *options)
{
    struct cp_transport_options own = options ? *options : (struct cp_transport_options){ 0 };

    *carrier = (struct carrier){ .folder = "/tmp/camp-post-transport-XXXXXX" };
    assert_non_null(mkdtemp(carrier->folder));
    own.user_agent = "camp-post/test";
    own.media_directory = carrier->folder;
    assert_int_equal(uv_loop_init(&carrier->loop), 0);
    carrier->transport = cp_transport_open(&carrier->loop, &own, NULL);
    assert_non_null(carrier->transport);
    carrier->token = cp_secret_create(TOKEN, strlen(TOKEN));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void carrier_close(struct carrier *carrier)
{
    cp_transport_close(carrier->transport);
    uv_run(&carrier->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&carrier->loop), 0);
    cp_secret_free(carrier->token);
    nftw(carrier->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool on_gate(void *ctx, const char **reason)
{
    struct heard *heard = ctx;

    heard->asked++;
    uv_stop(&heard->carrier->loop); /* whoever waits for this looks at once */
    *reason = "held by a test";
    return !heard->refuses;
}

static const struct cp_secret *on_secret(const char *name, void *ctx)
{
    struct heard *heard = ctx;

    return strcmp(name, "token") == 0 ? heard->carrier->token : NULL;
}

static void keep_reply(struct heard *heard, const struct cp_reply *reply)
{
    size_t used = 0;

    heard->status = reply->status;
    heard->date_us = reply->date_us;
    heard->size = reply->size;
    heard->header_count = reply->header_count;
    heard->body = malloc(reply->size + 1);
    memcpy(heard->body, reply->body, reply->size + 1);
    assert_int_equal(heard->body[reply->size], '\0');
    for (size_t i = 0; i < reply->header_count && used < sizeof(heard->headers); i++)
        used += (size_t)snprintf(heard->headers + used, sizeof(heard->headers) - used, "%s=%s\n",
                                 reply->headers[i].name, reply->headers[i].value);
}

static void on_done(const struct cp_exchange_result *result, void *ctx)
{
    struct heard *heard = ctx;

    assert_non_null(heard->exchange); /* not from inside the start */
    heard->exchange = NULL;
    heard->times++;
    uv_stop(&heard->carrier->loop);
    heard->ending = result->ending;
    heard->connected = result->connected;
    heard->stopped = result->stopped;
    heard->distrusted = result->distrusted;
    heard->gate_calls = result->gate_calls;
    assert_true(result->began_us <= result->ended_us);
    if (result->ending == CP_EXCHANGE_REPLIED) {
        assert_null(result->reason);
        keep_reply(heard, &result->reply);
    } else {
        assert_true(result->reason && *result->reason);
        snprintf(heard->reason, sizeof(heard->reason), "%s", result->reason);
        assert_null(strstr(heard->reason, TOKEN));
    }
    if (heard->then)
        heard->then(heard);
}

static void cut_to_origin(const char *url, char out[200])
{
    const char *path = strstr(url, "://");

    path = path ? strchr(path + 3, '/') : NULL;
    snprintf(out, 200, "%.*s", path ? (int)(path - url) : (int)strlen(url), url);
}

bool carrier_start(struct carrier *carrier, const struct cp_request *request, const char *origin,
                   struct heard *heard)
{
    struct cp_error err = { 0 };
    char own[200];
    struct cp_exchange_plan plan = {
        .request = request,
        .origin = origin ? origin : own,
        .directory = carrier->directory ? carrier->directory : carrier->folder,
        .gate = on_gate,
        .secret = on_secret,
        .done = on_done,
        .ctx = heard,
    };

    cut_to_origin(request->url, own);
    heard->carrier = carrier;
    heard->exchange = cp_exchange_start(carrier->transport, &plan, &err);
    if (!heard->exchange) {
        assert_non_null(err.domain);
        snprintf(heard->refusal, sizeof(heard->refusal), "%s", err.message);
        assert_null(strstr(heard->refusal, TOKEN));
    }
    return heard->exchange != NULL;
}

bool carrier_carry(struct carrier *carrier, const struct cp_request *request, const char *origin,
                   struct heard *heard)
{
    if (!carrier_start(carrier, request, origin, heard))
        return false;
    carrier_run_until(carrier, &heard->times, 1);
    assert_int_equal(heard->times, 1);
    return true;
}

static void on_guard(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void run(struct carrier *carrier, const unsigned *number, unsigned wanted, unsigned ms)
{
    uv_timer_t timer;
    bool over = false;

    uv_update_time(&carrier->loop);
    uv_timer_init(&carrier->loop, &timer);
    timer.data = &over;
    uv_timer_start(&timer, on_guard, ms, 0);
    while (!over && (!number || *number < wanted))
        uv_run(&carrier->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&carrier->loop, UV_RUN_NOWAIT);
}

void carrier_run_until(struct carrier *carrier, const unsigned *number, unsigned wanted)
{
    run(carrier, number, wanted, 10000);
    assert_true(*number >= wanted);
}

void carrier_run_ms(struct carrier *carrier, unsigned ms)
{
    run(carrier, NULL, 0, ms);
}

void heard_release(struct heard *heard)
{
    free(heard->body);
    *heard = (struct heard){ 0 };
}

struct cp_request post_to(const struct server *server, const char *scheme, char url[100])
{
    static const struct cp_segment body[] = { { .bytes = "{}", .size = 2 } };

    snprintf(url, 100, "%s://127.0.0.1:%u/post", scheme, server_port(server));
    return (struct cp_request){
        .step = CP_STEP_PUBLISH, .method = "POST", .url = url, .body = body, .body_count = 1
    };
}

void carrier_add_medium(struct carrier *carrier, char fill, size_t size, char digest[65])
{
    char path[200];
    FILE *file;

    snprintf(digest, 65, "%064x", (unsigned)fill);
    snprintf(path, sizeof(path), "%s/%s", carrier->folder, digest);
    file = fopen(path, "w");
    for (size_t i = 0; i < size; i++)
        putc(fill, file);
    assert_int_equal(fclose(file), 0);
}

/* contrib/bench/rawcurl/client.c - requests one after the other, or each at its time.
 *
 * With due times every slot first opens its connection with one request (a GET of the server's
 * description, so that it is no post), and the first post is due a second after the last of these.
 */
#include "rawcurl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int64_t wall_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* --- one request --- */

/* The id is in the first bytes of an answer; the rest is not looked at. */
static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct slot *slot = ctx;
    char begin[40]; /* libcurl's bytes have no end mark */

    if (!slot->received && slot->client->options.read_back && !slot->reading) {
        snprintf(begin, sizeof(begin), "%.*s", (int)(size * count), bytes);
        sscanf(begin, "{\"id\":\"%31[0-9]", slot->id);
    }
    slot->received += size * count;
    return size * count;
}

static void set_headers(struct slot *slot, long number)
{
    const struct client *client = slot->client;
    char line[128];

    curl_slist_free_all(slot->headers);
    slot->headers = NULL;
    snprintf(line, sizeof(line), "Authorization: Bearer 0123456789abcdefghijklmnopqrstuv-%ld",
             (long)(slot - client->slots));
    slot->headers = curl_slist_append(slot->headers, line);
    slot->headers = curl_slist_append(slot->headers, "Accept: application/json");
    if (slot->reading)
        return;
    slot->headers = curl_slist_append(slot->headers, "Content-Type: application/json");
    snprintf(line, sizeof(line), "Idempotency-Key: floor-%012ld-%06d", number, (int)getpid());
    slot->headers = curl_slist_append(slot->headers, line);
}

/* Every option again for each request: the next one may be for another account. */
static void set_options(struct slot *slot)
{
    const struct client *client = slot->client;
    CURL *easy = slot->easy;

    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, slot->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, slot->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "rawcurl/1");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, sockets_release);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, client);
    /* With a folder of certificates libcurl reads all of them for each connection. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (client->options.ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->options.ca_file);
    if (client->options.fresh) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    }
}

static void send_get(struct slot *slot, const char *path, const char *id)
{
    slot->reading = true;
    slot->received = 0;
    snprintf(slot->url, sizeof(slot->url), "%s%s%s", slot->client->options.server, path, id);
    set_headers(slot, 0);
    set_options(slot);
    curl_multi_add_handle(slot->client->multi, slot->easy);
}

static void send_post(struct slot *slot, int64_t due_us)
{
    static const char end[] = "\",\"visibility\":\"unlisted\"}";
    struct client *client = slot->client;
    int used = snprintf(slot->body, sizeof(slot->body), "{\"status\":\"%s%lld ",
                        due_us ? "due=" : "number ",
                        (long long)(due_us ? due_us / 1000 : client->started));

    memset(slot->body + used, 'x', (size_t)(BODY_SIZE - used));
    memcpy(slot->body + BODY_SIZE - strlen(end), end, strlen(end));
    slot->reading = false;
    slot->received = 0;
    snprintf(slot->url, sizeof(slot->url), "%s/api/v1/statuses", client->options.server);
    set_headers(slot, client->started++);
    set_options(slot);
    curl_easy_setopt(slot->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, (long)BODY_SIZE);
    curl_multi_add_handle(client->multi, slot->easy);
}

/* --- due times --- */

static void arm(const struct client *client)
{
    int64_t due_us = client->due_us[client->started];
    struct itimerspec when = { .it_value = { due_us / 1000000, due_us % 1000000 * 1000 } };

    timerfd_settime(client->due_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void send_due(struct client *client)
{
    int64_t now_us = wall_us();

    while (client->started < client->options.total && client->idle_count &&
           client->due_us[client->started] <= now_us)
        send_post(client->idle[--client->idle_count], client->due_us[client->started]);
    if (client->started < client->options.total && client->due_us[client->started] > now_us)
        arm(client);
}

static void on_due(uv_poll_t *poll, int status, int events)
{
    struct client *client = poll->data;
    uint64_t times;
    int running;

    (void)status;
    (void)events;
    if (read(client->due_fd, &times, sizeof(times)) == (ssize_t)sizeof(times))
        send_due(client);
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void set_due_times(struct client *client)
{
    const struct options *options = &client->options;
    int64_t start_ms = (wall_us() / 1000000 + 2) * 1000;

    for (long i = 0; i < options->total; i++) {
        int64_t at_ms = options->spread_ms * i / options->total;

        client->due_us[i] = (start_ms + at_ms - at_ms % options->quantum_ms) * 1000;
    }
}

static bool open_due_times(struct client *client)
{
    client->due_us = calloc((size_t)client->options.total, sizeof(int64_t));
    client->due_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!client->due_us || client->due_fd < 0 ||
        uv_poll_init(client->loop, &client->due_poll, client->due_fd) < 0)
        return false;
    client->due_poll.data = client;
    return uv_poll_start(&client->due_poll, UV_READABLE, on_due) == 0;
}

/* --- one after the other --- */

static void warmed(struct client *client)
{
    if (--client->warming == 0) {
        set_due_times(client);
        arm(client);
    }
}

static void next(struct slot *slot)
{
    struct client *client = slot->client;

    if (client->done == client->options.total)
        uv_stop(client->loop);
    else if (client->options.spread_ms != SPREAD_NONE) {
        client->idle[client->idle_count++] = slot;
        send_due(client);
    } else if (client->started < client->options.total) {
        send_post(slot, 0);
    }
}

void client_finished(struct slot *slot, CURLcode code)
{
    struct client *client = slot->client;
    long status = 0;

    curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    client->failed += code != CURLE_OK || status != 200;
    if (slot->warming) {
        slot->warming = false;
        client->idle[client->idle_count++] = slot;
        warmed(client);
        return;
    }
    if (client->options.read_back && !slot->reading) {
        send_get(slot, "/api/v1/statuses/", slot->id);
        return;
    }
    client->done++;
    next(slot);
}

bool client_run(struct client *client)
{
    const struct options *options = &client->options;
    bool scheduled = options->spread_ms != SPREAD_NONE;

    client->loop = uv_default_loop();
    client->multi = curl_multi_init();
    client->slots = calloc((size_t)options->concurrency, sizeof(*client->slots));
    client->idle = calloc((size_t)options->concurrency, sizeof(struct slot *));
    client->sockets = client->multi ? sockets_open(client) : NULL;
    if (!client->sockets || !client->slots || !client->idle ||
        (scheduled && !open_due_times(client)))
        return false;
    client->warming = scheduled ? options->concurrency : 0;
    for (long i = 0; i < options->concurrency; i++) {
        struct slot *slot = &client->slots[i];

        slot->client = client;
        slot->easy = curl_easy_init();
        slot->warming = scheduled;
        if (scheduled)
            send_get(slot, "/api/v2/instance", "");
        else
            next(slot);
    }
    uv_run(client->loop, UV_RUN_DEFAULT);
    return true;
}

/* src/transport/transport.c - opening, closing, and the life of one exchange. */
#include "transport/transport_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const struct cp_error_domain cp_transport_errors = { "transport" };

/* Ages of requests only; decisions are made with the service's clock. */
int64_t cp_transport_boot_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * CP_SECOND + now.tv_nsec / 1000;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void fill_defaults(struct cp_transport_options *options)
{
    if (!options->connect_timeout_us)
        options->connect_timeout_us = 10 * CP_SECOND;
    if (!options->total_timeout_us)
        options->total_timeout_us = 30 * CP_SECOND;
    if (!options->large_timeout_us)
        options->large_timeout_us = 5 * CP_MINUTE;
    if (!options->reply_most)
        options->reply_most = 8 << 20;
}

struct cp_transport *cp_transport_open(uv_loop_t *loop, const struct cp_transport_options *options,
                                       struct cp_error *err)
{
    struct cp_transport *transport = calloc(1, sizeof(*transport));

    if (!transport) {
        cp_error_no_memory(err);
        return NULL;
    }
    transport->loop = loop;
    transport->options = *options;
    fill_defaults(&transport->options);
    transport->user_agent = copy(options->user_agent);
    transport->media_directory = copy(options->media_directory);
    transport->ca_file = copy(options->ca_file);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    transport->multi = curl_multi_init();
    if (transport->multi)
        transport->sockets = cp_sockets_open(transport, err);
    if (!transport->multi || !transport->sockets) {
        cp_error_no_memory(err);
        cp_transport_close(transport);
        return NULL;
    }
    return transport;
}

void cp_transport_close(struct cp_transport *transport)
{
    if (!transport)
        return;
    assert(!transport->in_gate);
    transport->closing = true;
    while (transport->exchanges) {
        struct cp_exchange *exchange = transport->exchanges;

        cp_exchange_cancel(&exchange);
    }
    while (transport->abandoned) /* their workers free them */
        cp_exchange_unlink(transport->abandoned);
    while (transport->idle_count)
        curl_easy_cleanup(transport->idle[--transport->idle_count]);
    if (transport->multi)
        curl_multi_cleanup(transport->multi);
    cp_sockets_close(transport->sockets);
    free(transport->user_agent);
    free(transport->media_directory);
    free(transport->ca_file);
    free(transport);
}

void cp_exchange_unlink(struct cp_exchange *exchange)
{
    if (!exchange->link)
        return;
    *exchange->link = exchange->next;
    if (exchange->next)
        exchange->next->link = exchange->link;
    exchange->link = NULL;
}

void cp_exchange_link(struct cp_exchange *exchange, struct cp_exchange **head)
{
    exchange->next = *head;
    exchange->link = head;
    if (*head)
        (*head)->link = &exchange->next;
    *head = exchange;
}

void cp_exchange_free(struct cp_exchange *exchange)
{
    cp_exchange_unlink(exchange);
    cp_http_drop(exchange);
    cp_body_release(&exchange->body);
    cp_reply_release(exchange);
    if (exchange->folder_fd >= 0)
        close(exchange->folder_fd);
    free(exchange->path);
    free(exchange->root);
    free(exchange->folder);
    free(exchange->beside);
    free(exchange);
}

bool cp_exchange_pass_gate(struct cp_exchange *exchange)
{
    const char *why = "stopped";
    bool yes;

    if (++exchange->gate_calls > 1) {
        snprintf(
            exchange->reason, sizeof(exchange->reason),
            "the connection was lost after the request may have been read; it was not sent again");
        return false;
    }
    exchange->transport->in_gate = true;
    yes = !exchange->gate || exchange->gate(exchange->ctx, &why);
    exchange->transport->in_gate = false;
    if (!yes) {
        exchange->stopped = true;
        snprintf(exchange->reason, sizeof(exchange->reason), "%s", why);
        return false;
    }
    exchange->gate_yes = true;
    return true;
}

void cp_exchange_end(struct cp_exchange *exchange, struct cp_exchange_result *result)
{
    cp_exchange_done_fn *done = exchange->done;
    void *ctx = exchange->ctx;

    result->stopped = exchange->stopped;
    result->gate_calls = exchange->gate_calls;
    result->began_us = exchange->began_us;
    result->ended_us = cp_transport_boot_us();
    if (result->ending != CP_EXCHANGE_REPLIED)
        result->reason = exchange->reason;
    cp_exchange_unlink(exchange);
    done(result, ctx);
    cp_exchange_free(exchange);
}

struct cp_exchange *cp_exchange_start(struct cp_transport *transport,
                                      const struct cp_exchange_plan *plan, struct cp_error *err)
{
    struct cp_exchange *exchange = calloc(1, sizeof(*exchange));
    bool started;

    assert(!transport->in_gate); /* libcurl may not be called from inside its own callback */
    if (!exchange) {
        cp_error_no_memory(err);
        return NULL;
    }
    exchange->transport = transport;
    exchange->step = plan->request->step;
    exchange->kind = plan->request->transport;
    exchange->gate = plan->gate;
    exchange->done = plan->done;
    exchange->ctx = plan->ctx;
    exchange->reply_most = transport->options.reply_most;
    exchange->folder_fd = -1;
    exchange->began_us = cp_transport_boot_us();
    cp_exchange_link(exchange, &transport->exchanges);
    started = exchange->kind == CP_FILE ? cp_file_start(exchange, plan, err)
                                        : cp_http_start(exchange, plan, err);
    if (!started) {
        cp_exchange_free(exchange);
        return NULL;
    }
    return exchange;
}

bool cp_exchange_cancel(struct cp_exchange **pointer)
{
    struct cp_exchange *exchange = *pointer;
    bool doubt;

    *pointer = NULL;
    if (!exchange)
        return false;
    assert(!exchange->transport->in_gate);
    doubt = exchange->gate_yes;
    exchange->done = NULL;
    if (exchange->kind == CP_FILE)
        cp_file_abandon(exchange);
    else
        cp_exchange_free(exchange);
    return doubt;
}

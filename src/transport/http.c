/* src/transport/http.c - one HTTP exchange on a libcurl handle. */
#include "transport/transport_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "time/time.h"

/* ---- the reply as it comes in -------------------------------------------------------------- */

static void forget_headers(struct cp_exchange *exchange)
{
    for (size_t i = 0; i < exchange->header_count; i++)
        free((char *)exchange->headers[i].name);
    exchange->header_count = exchange->header_bytes = 0;
}

/* Name and value in one block: the name is what is freed. */
static void keep_header(struct cp_exchange *exchange, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    size_t name = colon ? (size_t)(colon - line) : 0, from = name + 1, to = size;
    struct cp_field *field = &exchange->headers[exchange->header_count];
    char *block;

    if (!colon || exchange->header_count == HEADERS_MOST)
        return;
    while (from < to && (line[from] == ' ' || line[from] == '\t'))
        from++;
    while (to > from && strchr(" \t\r\n", line[to - 1]))
        to--;
    block = malloc(name + 1 + to - from + 1);
    if (!block)
        return;
    memcpy(block, line, name);
    block[name] = '\0';
    memcpy(block + name + 1, line + from, to - from);
    block[name + 1 + to - from] = '\0';
    *field = (struct cp_field){ .name = block, .value = block + name + 1 };
    exchange->header_count++;
}

static size_t on_header(char *line, size_t one, size_t size, void *ctx)
{
    struct cp_exchange *exchange = ctx;

    (void)one;
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        /* A new status line: what came before was an interim answer (1xx). */
        forget_headers(exchange);
        return size;
    }
    exchange->header_bytes += size;
    if (exchange->header_bytes > HEADER_BYTES_MOST) {
        exchange->too_large = true;
        return 0;
    }
    keep_header(exchange, line, size);
    return size;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *ctx)
{
    struct cp_exchange *exchange = ctx;

    (void)one;
    if (exchange->reply.size + size > exchange->reply_most) {
        exchange->too_large = true;
        return 0;
    }
    cp_buffer_add(&exchange->reply, bytes, size);
    return exchange->reply.failed ? 0 : size;
}

static size_t on_read(char *out, size_t one, size_t size, void *ctx)
{
    struct cp_exchange *exchange = ctx;
    ssize_t got = cp_body_read(&exchange->body, out, one * size);

    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* libcurl asks this before it sends a body again on another connection: never. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct cp_exchange *exchange = ctx;

    (void)origin;
    return offset == 0 && exchange->body.handed == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static int on_connected(void *ctx, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    return cp_exchange_pass_gate(ctx) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- setting up ---------------------------------------------------------------------------- */

static bool is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool append_line(struct curl_slist **list, struct cp_buffer *line, struct cp_error *err)
{
    struct curl_slist *grown = line->failed ? NULL : curl_slist_append(*list, line->data);

    if (line->data)
        cp_wipe(line->data, line->size);
    cp_buffer_release(line);
    if (!grown)
        return cp_error_no_memory(err);
    *list = grown;
    return true;
}

static bool add_header(struct cp_exchange *exchange, const struct cp_field *field,
                       const struct cp_exchange_plan *plan, struct cp_error *err)
{
    struct cp_buffer line = { 0 };

    if (!is_clean(field->name) || !is_clean(field->value))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "the header '%s' has control characters in it", field->name);
    cp_buffer_printf(&line, "%s: %s", field->name, field->value);
    if (field->secret) {
        const struct cp_secret *secret =
            plan->secret ? plan->secret(field->secret, plan->ctx) : NULL;

        if (!secret || !is_clean(cp_secret_reveal(secret))) {
            cp_buffer_release(&line);
            return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                                "the credential has no usable '%s'; log in again", field->secret);
        }
        cp_buffer_puts(&line, cp_secret_reveal(secret));
    }
    return append_line(&exchange->header_list, &line, err);
}

static bool wants_secret(const struct cp_request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (request->headers[i].secret)
            return true;
    for (size_t i = 0; i < request->body_count; i++)
        if (request->body[i].secret)
            return true;
    return false;
}

static bool check_place(const struct cp_exchange_plan *plan, struct cp_error *err)
{
    const struct cp_request *request = plan->request;

    if (!cp_origin_allowed(request->url, err))
        return false;
    if (plan->origin && cp_origin_contains(plan->origin, request->url))
        return true;
    if (wants_secret(request) || request->step == CP_STEP_PUBLISH)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not at the account's own server '%s'", request->url,
                            plan->origin ? plan->origin : "(none)");
    return true;
}

static CURL *take_handle(struct cp_transport *transport)
{
    if (transport->idle_count)
        return transport->idle[--transport->idle_count];
    return curl_easy_init();
}

static void set_limits(CURL *easy, const struct cp_exchange *exchange)
{
    const struct cp_transport_options *options = &exchange->transport->options;
    int64_t total =
        exchange->body.has_media ? options->large_timeout_us : options->total_timeout_us;

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(options->connect_timeout_us / 1000));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(total / 1000));
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* An idle connection that the server is about to close is where doubt comes from. */
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, exchange->step == CP_STEP_PUBLISH ? 5L : 60L);
    /* With a CApath (a default of the distribution) libcurl reads every certificate anew for each
     * connection; the bundle alone is cached. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (exchange->transport->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, exchange->transport->ca_file);
}

static void set_callbacks(CURL *easy, struct cp_exchange *exchange)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, cp_sockets_release);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, exchange->transport->sockets);
    if (exchange->step == CP_STEP_PUBLISH) {
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    }
}

static bool set_body(CURL *easy, struct cp_exchange *exchange, const char *method)
{
    const char *text;

    if (strcmp(method, "GET") == 0 && exchange->body.total == 0) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return true;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body.total);
    if (exchange->body.has_media) {
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
        return true;
    }
    text = exchange->body.count ? cp_body_text(&exchange->body) : "";
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text);
    return text != NULL;
}

static bool add_headers(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                        struct cp_error *err)
{
    struct cp_buffer line = { 0 };

    for (size_t i = 0; i < plan->request->header_count; i++)
        if (!add_header(exchange, &plan->request->headers[i], plan, err))
            return false;
    /* "Expect:" without a value takes the header out: some servers stall on it. */
    cp_buffer_puts(&line, "Expect:");
    return append_line(&exchange->header_list, &line, err);
}

bool cp_http_start(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                   struct cp_error *err)
{
    struct cp_transport *transport = exchange->transport;
    const struct cp_request *request = plan->request;

    if (!check_place(plan, err) ||
        !cp_body_fill(&exchange->body, request, transport, plan->secret, plan->ctx, err) ||
        !add_headers(exchange, plan, err))
        return false;
    exchange->easy = take_handle(transport);
    if (!exchange->easy)
        return cp_error_no_memory(err);
    set_limits(exchange->easy, exchange);
    set_callbacks(exchange->easy, exchange);
    curl_easy_setopt(exchange->easy, CURLOPT_URL, request->url);
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->header_list);
    if (transport->user_agent)
        curl_easy_setopt(exchange->easy, CURLOPT_USERAGENT, transport->user_agent);
    if (cp_origin_is_loopback(request->url))
        curl_easy_setopt(exchange->easy, CURLOPT_PROXY, "");
    if (!set_body(exchange->easy, exchange, request->method))
        return cp_error_no_memory(err);
    if (curl_multi_add_handle(transport->multi, exchange->easy) != CURLM_OK)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_SYSTEM,
                            "cannot start a request to '%s'", request->url);
    return true;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void wipe_list(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item; item = item->next)
        cp_wipe(item->data, strlen(item->data));
    curl_slist_free_all(list);
}

void cp_http_drop(struct cp_exchange *exchange)
{
    struct cp_transport *transport = exchange->transport;

    if (exchange->easy) {
        curl_multi_remove_handle(transport->multi, exchange->easy);
        curl_easy_reset(exchange->easy);
        if (transport->idle_count < EASY_POOL && !transport->closing)
            transport->idle[transport->idle_count++] = exchange->easy;
        else
            curl_easy_cleanup(exchange->easy);
        exchange->easy = NULL;
    }
    wipe_list(exchange->header_list);
    exchange->header_list = NULL;
}

static int64_t date_of(const struct cp_exchange *exchange)
{
    int64_t us = 0;

    for (size_t i = 0; i < exchange->header_count; i++)
        if (strcasecmp(exchange->headers[i].name, "Date") == 0 &&
            !cp_http_date_parse(exchange->headers[i].value, 0, &us))
            us = 0;
    return us;
}

/* What surely happened. The gate's own count decides, never libcurl's code: a server that acts, drops
 * a reused connection and stops listening makes libcurl say "connection refused" in the end. */
static enum cp_exchange_ending ending_of(const struct cp_exchange *exchange, CURLcode code,
                                         long status)
{
    if (code == CURLE_OK && status >= 200)
        return CP_EXCHANGE_REPLIED;
    if (exchange->step != CP_STEP_PUBLISH || !exchange->gate_yes)
        return CP_EXCHANGE_NOT_ACTED;
    if (exchange->body.has_media && exchange->body.handed < exchange->body.total && status == 0)
        return CP_EXCHANGE_NOT_ACTED; /* an incomplete body ends in nothing that could be obeyed */
    return CP_EXCHANGE_UNKNOWN;
}

static void explain(struct cp_exchange *exchange, CURLcode code, long status)
{
    if (exchange->reason[0])
        return;
    if (exchange->too_large)
        snprintf(exchange->reason, sizeof(exchange->reason),
                 "the answer (status %ld) is larger than anything this program reads", status);
    else
        snprintf(exchange->reason, sizeof(exchange->reason), "%s",
                 exchange->error[0] ? exchange->error : curl_easy_strerror(code));
    for (char *c = exchange->reason; *c; c++)
        if ((unsigned char)*c < 0x20)
            *c = ' ';
}

void cp_http_finished(struct cp_exchange *exchange, CURLcode code)
{
    struct cp_exchange_result result = { 0 };
    curl_off_t connected = 0;
    long status = 0;

    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    result.ending = ending_of(exchange, code, status);
    result.connected = exchange->gate_yes || connected > 0 || status > 0;
    result.distrusted = code == CURLE_PEER_FAILED_VERIFICATION;
    cp_http_drop(exchange);
    if (result.ending == CP_EXCHANGE_REPLIED) {
        cp_buffer_add(&exchange->reply, "", 0);
        result.reply = (struct cp_reply){
            .status = (int)status,
            .headers = exchange->headers,
            .header_count = exchange->header_count,
            .body = exchange->reply.data ? exchange->reply.data : "",
            .size = exchange->reply.size,
            .date_us = date_of(exchange),
        };
    } else {
        explain(exchange, code, status);
    }
    cp_exchange_end(exchange, &result);
}

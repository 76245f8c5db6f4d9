/* src/transport/http.c - one HTTP exchange on a libcurl handle. */
#include "transport/transport_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what libcurl asks while it sends ------------------------------------------------------- */

static size_t on_read(char *out, size_t one, size_t size, void *ctx)
{
    struct cp_exchange *exchange = ctx;
    ssize_t got = cp_body_read(&exchange->body, out, one * size);

    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* Asked before a body is sent again on another connection: never, once any of it was handed out. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct cp_exchange *exchange = ctx;

    (void)origin;
    return offset == 0 && exchange->body.handed == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK;
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

/* A name is a token (RFC 9110, section 5.6.2), and the framing of a message is libcurl's. */
static bool is_allowed_name(const char *name)
{
    static const char *const framing[] = { "Connection", "Content-Length", "Expect", "Host",
                                           "Transfer-Encoding" };

    for (size_t i = 0; i < CP_COUNT(framing); i++)
        if (strcasecmp(name, framing[i]) == 0)
            return false;
    return *name && name[strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static bool add_header(struct cp_exchange *exchange, const struct cp_field *field,
                       const struct cp_exchange_plan *plan, struct cp_error *err)
{
    struct cp_buffer line = { 0 };

    if (!is_allowed_name(field->name) || !is_clean(field->value))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "the header '%s' is not one that an adapter may send", field->name);
    /* libcurl takes "Name:" as a wish to leave it out and writes "Name;" as an empty one. */
    if (*field->value || field->secret)
        cp_buffer_printf(&line, "%s: %s", field->name, field->value);
    else
        cp_buffer_printf(&line, "%s;", field->name);
    if (field->secret) {
        const struct cp_secret *secret =
            plan->secret ? plan->secret(field->secret, plan->ctx) : NULL;

        if (!secret || !cp_secret_size(secret) || !is_clean(cp_secret_reveal(secret))) {
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
    char shown[120];

    if (!cp_origin_allowed(request->url, err))
        return false;
    if (plan->origin && cp_origin_contains(plan->origin, request->url))
        return true;
    cp_origin_write(request->url, shown, sizeof(shown));
    if (wants_secret(request) || request->step == CP_STEP_PUBLISH)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not the account's own server '%s'", shown,
                            plan->origin ? plan->origin : "(none)");
    return true;
}

static bool check_method(const char *method, struct cp_error *err)
{
    size_t size = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    if (size && size < 20 && !method[size])
        return true;
    return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE, "'%s' is not a method of HTTP",
                        method);
}

static CURL *take_handle(struct cp_transport *transport)
{
    if (transport->idle_count)
        return transport->idle[--transport->idle_count];
    return curl_easy_init();
}

/* Zero means "without end" to libcurl. */
static long whole_ms(int64_t us)
{
    return us < 1000 ? 1 : (long)(us / 1000);
}

static void set_times(CURL *easy, const struct cp_exchange *exchange)
{
    const struct cp_transport_options *options = &exchange->transport->options;
    bool large = exchange->body.has_media;
    int64_t total = large ? options->large_timeout_us : options->total_timeout_us;

    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, whole_ms(options->connect_timeout_us));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, whole_ms(total));
    if (large) {
        /* Twice what any other request may take: a server may think for long about a medium. */
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                         whole_ms(2 * options->total_timeout_us) / 1000 + 1);
    }
    /* How long a connection may have been idle. One that the server is about to close is where
     * doubt comes from. */
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, exchange->step == CP_STEP_PUBLISH ? 5L : 60L);
}

static void set_limits(CURL *easy, const struct cp_exchange *exchange)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Without it, a request that ends while a name is looked up waits for the resolver's thread, and
     * the loop with it. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
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
    cp_reply_listen(exchange);
    cp_sockets_attach(exchange->transport->sockets, easy);
    if (exchange->step == CP_STEP_PUBLISH) {
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    }
}

static bool set_body(CURL *easy, struct cp_exchange *exchange)
{
    const char *text;

    curl_easy_setopt(easy, CURLOPT_POST, 1L);
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

static bool has_body(const struct cp_request *request)
{
    return request->body_count || strcmp(request->method, "POST") == 0 ||
           strcmp(request->method, "PUT") == 0 || strcmp(request->method, "PATCH") == 0;
}

static bool set_method(CURL *easy, struct cp_exchange *exchange, const struct cp_request *request)
{
    bool head = strcmp(request->method, "HEAD") == 0;

    if (has_body(request) && !set_body(easy, exchange))
        return false;
    if (head)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L); /* else it would wait for what never comes */
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    return true;
}

/* A name with an empty value takes out what libcurl would add by itself. */
static bool leave_out(struct cp_exchange *exchange, const char *name, struct cp_error *err)
{
    struct cp_buffer line = { 0 };

    cp_buffer_printf(&line, "%s:", name);
    return append_line(&exchange->header_list, &line, err);
}

static bool add_headers(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                        struct cp_error *err)
{
    bool typed = false;

    for (size_t i = 0; i < plan->request->header_count; i++) {
        if (!add_header(exchange, &plan->request->headers[i], plan, err))
            return false;
        typed |= strcasecmp(plan->request->headers[i].name, "Content-Type") == 0;
    }
    if (!typed && !leave_out(exchange, "Content-Type", err))
        return false;
    return leave_out(exchange, "Expect", err); /* some servers stall on it */
}

static bool set_up(struct cp_exchange *exchange, const struct cp_request *request)
{
    const struct cp_transport *transport = exchange->transport;
    CURL *easy = exchange->easy;

    set_limits(easy, exchange);
    set_times(easy, exchange);
    set_callbacks(easy, exchange);
    if (transport->user_agent)
        curl_easy_setopt(easy, CURLOPT_USERAGENT, transport->user_agent);
    if (cp_origin_is_loopback(request->url))
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->header_list);
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
           set_method(easy, exchange, request);
}

bool cp_http_start(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                   struct cp_error *err)
{
    struct cp_transport *transport = exchange->transport;
    const struct cp_request *request = plan->request;

    if (!check_place(plan, err) || !check_method(request->method, err) ||
        !cp_body_fill(&exchange->body, request, transport, plan->secret, plan->ctx, err) ||
        !add_headers(exchange, plan, err))
        return false;
    exchange->easy = take_handle(transport);
    if (!exchange->easy || !set_up(exchange, request))
        return cp_error_no_memory(err);
    if (curl_multi_add_handle(transport->multi, exchange->easy) != CURLM_OK)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_SYSTEM, "cannot start a request");
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

/* What surely happened. The gate's own count decides, never libcurl's code: a server that acts, drops
 * a reused connection and stops listening makes libcurl say "connection refused" in the end. */
static enum cp_exchange_ending ending_of(const struct cp_exchange *exchange, CURLcode code,
                                         long status)
{
    /* libcurl is content with a connection that ends in the middle of the head. */
    if (code == CURLE_OK && exchange->head_ended)
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
    else if (code == CURLE_OK)
        snprintf(exchange->reason, sizeof(exchange->reason),
                 "the connection ended in the middle of the answer's head (status %ld)", status);
    else
        snprintf(exchange->reason, sizeof(exchange->reason), "%s",
                 exchange->error[0] ? exchange->error : curl_easy_strerror(code));
    for (char *c = exchange->reason; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
}

void cp_http_finished(struct cp_exchange *exchange, CURLcode code)
{
    struct cp_exchange_result result = { 0 };
    curl_off_t connected = 0; /* 0 on a connection that stood before */
    long status = 0;

    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->easy, CURLINFO_CONNECT_TIME_T, &connected);
    result.ending = ending_of(exchange, code, status);
    result.distrusted = code == CURLE_PEER_FAILED_VERIFICATION;
    result.connected = exchange->gate_calls > 0 || connected > 0 || status > 0 || result.distrusted;
    cp_http_drop(exchange);
    if (result.ending == CP_EXCHANGE_REPLIED)
        result.reply = cp_reply_of(exchange, (int)status);
    else
        explain(exchange, code, status);
    cp_exchange_end(exchange, &result);
}

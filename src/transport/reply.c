/* src/transport/reply.c - the reply as it comes in. All of it is hostile: lines, their number, their
 * bytes, and the body are bounded, and what is over a bound is an error, never a shorter reply. */
#include "transport/transport_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "time/time.h"

static void forget_headers(struct cp_exchange *exchange)
{
    for (size_t i = 0; i < exchange->header_count; i++)
        free((char *)exchange->headers[i].name); /* the value lies in the same block */
    exchange->header_count = 0;
}

/* Name and value in one block: the name is what is freed. */
static bool keep_header(struct cp_exchange *exchange, const char *line, const char *colon,
                        size_t size)
{
    size_t name = (size_t)(colon - line), from = name + 1, to = size;
    char *block;

    while (from < to && (line[from] == ' ' || line[from] == '\t'))
        from++;
    while (to > from && memchr(" \t\r\n", line[to - 1], 4))
        to--;
    block = malloc(name + 1 + to - from + 1);
    if (!block)
        return false;
    memcpy(block, line, name);
    block[name] = '\0';
    memcpy(block + name + 1, line + from, to - from);
    block[name + 1 + to - from] = '\0';
    exchange->headers[exchange->header_count++] =
        (struct cp_field){ .name = block, .value = block + name + 1 };
    return true;
}

static bool head_is_final(const struct cp_exchange *exchange)
{
    long status = 0;

    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200;
}

static size_t on_header(char *line, size_t one, size_t size, void *ctx)
{
    struct cp_exchange *exchange = ctx;
    const char *colon = memchr(line, ':', size);

    (void)one;
    /* The bytes of interim answers (1xx) count as well: there may be any number of them. */
    exchange->header_bytes += size;
    exchange->too_large = exchange->header_bytes > HEADER_BYTES_MOST;
    if (exchange->too_large)
        return 0;
    if (exchange->head_ended)
        return size; /* a trailer */
    if (line[0] == '\r' || line[0] == '\n') {
        exchange->head_ended = head_is_final(exchange);
        return size;
    }
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        forget_headers(exchange); /* of an interim answer */
        return size;
    }
    if (!colon || line[0] == ' ' || line[0] == '\t')
        return size; /* a folded line, obsolete since RFC 7230 */
    exchange->too_large = exchange->header_count == HEADERS_MOST;
    return !exchange->too_large && keep_header(exchange, line, colon, size) ? size : 0;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *ctx)
{
    struct cp_exchange *exchange = ctx;

    (void)one;
    if (size > exchange->reply_most - exchange->reply.size) {
        exchange->too_large = true;
        return 0;
    }
    cp_buffer_add(&exchange->reply, bytes, size);
    return exchange->reply.failed ? 0 : size;
}

void cp_reply_listen(struct cp_exchange *exchange)
{
    CURL *easy = exchange->easy;

    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    /* What a proxy says while it opens the tunnel is no part of the reply. */
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static int64_t date_of(const struct cp_exchange *exchange)
{
    int64_t us = 0, now_us = time(NULL) * CP_SECOND; /* for years of two digits */

    for (size_t i = 0; i < exchange->header_count; i++)
        if (strcasecmp(exchange->headers[i].name, "Date") == 0 &&
            !cp_http_date_parse(exchange->headers[i].value, now_us, &us))
            us = 0;
    return us;
}

struct cp_reply cp_reply_of(struct cp_exchange *exchange, int status)
{
    return (struct cp_reply){
        .status = status,
        .headers = exchange->headers,
        .header_count = exchange->header_count,
        .body = exchange->reply.data ? exchange->reply.data : "",
        .size = exchange->reply.size,
        .date_us = date_of(exchange),
    };
}

/* The answer to a login holds a token. */
void cp_reply_release(struct cp_exchange *exchange)
{
    if (exchange->reply.data)
        cp_wipe(exchange->reply.data, exchange->reply.size);
    cp_buffer_release(&exchange->reply);
    forget_headers(exchange);
}

/* src/transport/origin.c - where a request may go. libcurl's own parser decides what a URL is. */
#include "transport/transport_private.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct origin {
    char *scheme, *host, *port;
};

static void release(struct origin *origin)
{
    curl_free(origin->scheme);
    curl_free(origin->host);
    curl_free(origin->port);
}

static bool split(const char *url, struct origin *out)
{
    CURLU *parsed = curl_url();
    bool fine;

    *out = (struct origin){ 0 };
    if (!parsed)
        return false;
    fine = curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
           curl_url_get(parsed, CURLUPART_SCHEME, &out->scheme, 0) == CURLUE_OK &&
           curl_url_get(parsed, CURLUPART_HOST, &out->host, 0) == CURLUE_OK &&
           curl_url_get(parsed, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    if (fine) {
        char *user = NULL;

        /* A name before '@' is how a URL is made to look like another server's. */
        fine = curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
        curl_free(user);
    }
    curl_url_cleanup(parsed);
    if (!fine)
        release(out);
    return fine;
}

static bool host_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    char bare[64];
    size_t size = strlen(host);

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (host[0] != '[' || size < 3 || size > sizeof(bare))
        return false;
    memcpy(bare, host + 1, size - 2);
    bare[size - 2] = '\0';
    return inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool cp_origin_contains(const char *origin, const char *url)
{
    struct origin a, b;
    bool same;

    if (!split(origin, &a))
        return false;
    if (!split(url, &b)) {
        release(&a);
        return false;
    }
    same = strcasecmp(a.scheme, b.scheme) == 0 && strcasecmp(a.host, b.host) == 0 &&
           strcmp(a.port, b.port) == 0;
    release(&a);
    release(&b);
    return same;
}

bool cp_origin_is_loopback(const char *url)
{
    struct origin origin;
    bool loopback;

    if (!split(url, &origin))
        return false;
    loopback = host_is_loopback(origin.host);
    release(&origin);
    return loopback;
}

/* What can't be taken apart is shown as far as it can't be a password or a token. */
static void write_unparsed(const char *url, char *out, size_t size)
{
    if (strchr(url, '@'))
        snprintf(out, size, "(an address with a name before '@')");
    else
        snprintf(out, size, "%.*s", (int)strcspn(url, "?#"), url);
}

void cp_origin_write(const char *url, char *out, size_t size)
{
    struct origin origin;
    bool usual;

    if (!split(url, &origin)) {
        write_unparsed(url, out, size);
        return;
    }
    usual = strcmp(origin.port, strcasecmp(origin.scheme, "https") == 0 ? "443" : "80") == 0;
    snprintf(out, size, "%s://%s%s%s", origin.scheme, origin.host, usual ? "" : ":",
             usual ? "" : origin.port);
    release(&origin);
}

bool cp_origin_allowed(const char *url, struct cp_error *err)
{
    struct origin origin;
    char shown[120];
    bool fine;

    cp_origin_write(url, shown, sizeof(shown));
    if (!split(url, &origin))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not a web address: https://host is wanted", shown);
    fine = strcasecmp(origin.scheme, "https") == 0 ||
           (strcasecmp(origin.scheme, "http") == 0 && host_is_loopback(origin.host));
    if (!fine)
        cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                     "'%s' is not allowed: use https:// (http:// is for this machine only)", shown);
    release(&origin);
    return fine;
}

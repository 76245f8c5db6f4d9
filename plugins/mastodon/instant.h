/* plugins/mastodon/instant.h - instants as servers write them. Microseconds since the epoch, UTC. */
#ifndef CP_MASTODON_INSTANT_H
#define CP_MASTODON_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#define MASTO_SECOND INT64_C(1000000)
#define MASTO_HOUR   (3600 * MASTO_SECOND)
#define MASTO_DAY    (24 * MASTO_HOUR)

/* ISO 8601 as in `created_at`: 2022-02-15T13:28:00[.digits](Z|+hh:mm). Without a zone it is UTC. */
bool masto_instant_iso(const char *text, int64_t *out_us);
/* The three forms of a date in HTTP (RFC 9110, 5.6.7). */
bool masto_instant_http(const char *text, int64_t *out_us);
/* Retry-After (RFC 9110, 10.2.3): how long to wait from `now_us`, the server's clock. At most a day. */
bool masto_retry_after(const char *value, int64_t now_us, int64_t *out_us);
/* X-RateLimit-Reset, likewise: an ISO date, an epoch in seconds or milliseconds, or seconds from now. */
bool masto_rate_reset(const char *value, int64_t now_us, int64_t *out_us);

#endif

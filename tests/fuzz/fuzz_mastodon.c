/* tests/fuzz/fuzz_mastodon.c - hostile replies, for every purpose of the mastodon adapter.
 *
 * Byte 1 chooses the purpose and what the turn has; then come exchanges, each a status (2 bytes), a
 * header's choice, a size (2 bytes) and the body. Whatever comes, each turn is answered once
 * (mini_host checks that), and no verdict is given that the adapter may not give there.
 */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mini_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

static unsigned byte(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->at++;
}

static size_t size_of(struct input *input)
{
    size_t high = byte(input);

    return high << 8 | byte(input);
}

static char *text(struct input *input, size_t most)
{
    size_t size = most < input->left ? most : input->left;
    char *out = malloc(size + 1);

    memcpy(out, input->at, size);
    out[size] = '\0';
    input->at += size;
    input->left -= size;
    return out;
}

/* Statuses that have rows come often. */
static int status_of(struct input *input)
{
    static const int known[] = { 200, 200, 200, 201, 202, 206, 301, 303, 400, 401, 403,
                                 404, 410, 413, 422, 422, 429, 500, 502, 503, 0 };
    unsigned choice = byte(input), other = byte(input);

    return choice < sizeof(known) / sizeof(known[0]) ? known[choice] : (int)(choice * other % 1000);
}

static void check(const struct mini_host *host, bool published)
{
    const struct cp_verdict *verdict = &host->answer.verdict;
    json_t *json;

    if (host->answer.kind != MINI_VERDICT)
        return;
    if (host->turn.purpose == CP_POST && !published)
        assert(verdict->kind != CP_VERDICT_ACCEPTED);
    if (host->turn.purpose != CP_LOOK_UP)
        assert(verdict->kind != CP_VERDICT_ABSENT && verdict->kind != CP_VERDICT_DIFFERENT);
    if (verdict->kind == CP_VERDICT_ACCEPTED && host->turn.purpose <= CP_LOOK_UP)
        assert(verdict->remote_id && *verdict->remote_id);
    if (verdict->reason)
        assert(strlen(verdict->reason) < 200 && !strpbrk(verdict->reason, "\n\r\t\x1b"));
    json = json_loads(host->checkpoint ? host->checkpoint : "{}", 0, NULL);
    assert(json_is_object(json));
    json_decref(json);
    if (verdict->facts) {
        json = json_loads(verdict->facts, 0, NULL);
        assert(json_is_object(json));
        json_decref(json);
    }
}

static void arrange(struct mini_host *host, unsigned choice)
{
    static const struct cp_media_view media[] = {
        { .sha256 = "ab", .type = "image/png", .name = "a.png", .alt = "a" },
        { .sha256 = "cd", .type = "video/mp4", .name = "b.mp4", .alt = "" },
    };
    static const char *const taken[] = { "8" };

    host->part.media = media;
    host->part.media_count = choice >> 3 & 1 ? 2 : 0;
    host->turn.remote_id = choice >> 4 & 1 ? "7" : NULL;
    host->turn.parent_id = choice >> 5 & 1 ? "6" : NULL;
    host->turn.facts = choice >> 6 & 1 ? "{\"key\":\"fresh\",\"listed\":\"public\"}" : "{}";
    host->turn.attempt_us = NOW;
    host->turn.taken = taken;
    host->turn.taken_count = 1;
    if (host->turn.purpose == CP_LOGIN)
        host->turn.wire_key = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const headers[] = { NULL, "Retry-After: ", "X-RateLimit-Reset: ", "Age: " };
    struct input input = { data, size };
    unsigned choice = byte(&input);
    struct mini_host host;
    char header[80], *some;

    mini_start(&host, (enum cp_purpose)((choice & 7) % CP_PURPOSES));
    arrange(&host, choice);
    mini_turn(&host);
    while (host.answer.kind != MINI_VERDICT && input.left) {
        bool published = host.answer.kind == MINI_REQUEST && host.answer.step == CP_STEP_PUBLISH;
        int status = status_of(&input);
        const char *name = headers[byte(&input) % 4];

        some = text(&input, byte(&input) % 40);
        snprintf(header, sizeof(header), "%s%s", name ? name : "", some);
        free(some);
        some = text(&input, size_of(&input));
        if (host.answer.kind == MINI_ASK)
            mini_typed(&host, some);
        else
            mini_reply(&host, status, name ? header : NULL, some);
        free(some);
        check(&host, published);
    }
    mini_end(&host);
    return 0;
}

/* plugins/mastodon/request.c - how requests and verdicts leave the adapter. */
#include "mastodon.h"

#include <stdio.h>
#include <string.h>

char *masto_format(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    int size;

    va_start(args, fmt);
    size = vasprintf(&text, fmt, args);
    va_end(args);
    return size < 0 ? NULL : text;
}

char *masto_encode(const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    char *out = malloc(3 * strlen(text) + 1), *at = out;

    if (!out)
        return NULL;
    for (; *text; text++) {
        if (strchr(plain, *text))
            *at++ = *text;
        else
            at += sprintf(at, "%%%02X", (unsigned char)*text);
    }
    *at = '\0';
    return out;
}

json_t *masto_object(const char *text)
{
    json_t *value = text ? json_loads(text, 0, NULL) : NULL;

    if (json_is_object(value))
        return value;
    json_decref(value);
    return json_object();
}

/* --- answers --- */

void masto_finish(struct cp_turn *turn, const struct cp_verdict *verdict, const json_t *checkpoint)
{
    char *text = checkpoint ? json_dumps(checkpoint, JSON_COMPACT) : NULL;

    cp_turn_finish(turn, verdict, text);
    free(text);
}

void masto_finish_as(struct cp_turn *turn, enum cp_verdict_kind kind, const char *reason,
                     const json_t *checkpoint)
{
    struct cp_verdict verdict = { .kind = kind, .reason = reason };

    masto_finish(turn, &verdict, checkpoint);
}

void masto_finish_judged(struct cp_turn *turn, const struct masto_judgement *judgement,
                         const json_t *checkpoint)
{
    struct cp_verdict verdict = { .kind = judgement->kind,
                                  .not_before_us = judgement->not_before_us,
                                  .throttled = judgement->throttled,
                                  .reason = judgement->reason };

    masto_finish(turn, &verdict, checkpoint);
}

/* Before anything left nothing was done, so trying again is safe for every purpose. */
static void out_of_memory(struct cp_turn *turn)
{
    masto_finish_as(turn, CP_VERDICT_RETRY, "out of memory", NULL);
}

static char *address(const struct cp_settings *settings, const char *path)
{
    const char *server = cp_setting(settings, "server", "");
    size_t size = strlen(server);

    while (size && server[size - 1] == '/')
        size--;
    return masto_format("%.*s%s", (int)size, server, path);
}

static size_t headers(const struct masto_request *request, struct cp_field *out)
{
    size_t count = 0;

    if (!request->anonymous)
        out[count++] = (struct cp_field){ "Authorization", "Bearer ", "access_token" };
    out[count++] = (struct cp_field){ "Accept", "application/json", NULL };
    for (size_t i = 0; i < sizeof(request->header) / sizeof(request->header[0]); i++) {
        if (request->header[i].name)
            out[count++] = request->header[i];
    }
    return count;
}

void masto_send(const struct cp_settings *settings, struct cp_turn *turn,
                struct masto_request *request, const json_t *checkpoint)
{
    struct cp_field fields[5];
    char *url = request->path ? address(settings, request->path) : NULL;
    char *text = checkpoint ? json_dumps(checkpoint, JSON_COMPACT) : NULL;

    if (url && (text || !checkpoint)) {
        struct cp_request out = { .step = request->step,
                                  .transport = CP_HTTP,
                                  .method = request->method,
                                  .url = url,
                                  .headers = fields,
                                  .header_count = headers(request, fields),
                                  .body = request->body,
                                  .body_count = request->body_count,
                                  .example_status = 200,
                                  .example_body = request->example };

        cp_turn_request(turn, &out, text);
    } else {
        out_of_memory(turn);
    }
    free(request->path);
    request->path = NULL;
    free(text);
    free(url);
}

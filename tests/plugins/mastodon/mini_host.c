/* tests/plugins/mastodon/mini_host.c */
#include "mini_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct cp_adapter camp_post_adapter;

static const struct cp_field settings[] = { { "server", "https://social.example", NULL },
                                            { "visibility", "public", NULL } };

static struct mini_host *host_of(struct cp_turn *turn)
{
    return (struct mini_host *)((char *)turn - offsetof(struct mini_host, turn));
}

static char *copy(struct mini_host *host, const char *text)
{
    if (!text)
        return NULL;
    if (host->string_count == (int)(sizeof(host->strings) / sizeof(host->strings[0])))
        abort();
    return host->strings[host->string_count++] = strdup(text);
}

static void take(struct mini_host *host, enum mini_kind kind, const char *checkpoint)
{
    if (host->answer.kind != MINI_NONE)
        abort();
    host->answer.kind = kind;
    if (checkpoint) {
        char *kept = strdup(checkpoint);

        free(host->checkpoint);
        host->checkpoint = kept;
    }
}

static char *joined_headers(const struct cp_request *request)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < request->header_count; i++) {
        const struct cp_field *field = &request->headers[i];

        fprintf(out, "%s: %s", field->name, field->value);
        if (field->secret)
            fprintf(out, "‹%s›", field->secret);
        fputc('\n', out);
    }
    fclose(out);
    return text;
}

static char *joined_body(const struct cp_request *request)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < request->body_count; i++) {
        if (request->body[i].media)
            fprintf(out, "‹%s›", request->body[i].media);
        else
            fwrite(request->body[i].bytes, 1, request->body[i].size, out);
    }
    fclose(out);
    return text;
}

static void on_request(struct cp_turn *turn, const struct cp_request *request,
                       const char *checkpoint)
{
    struct mini_host *host = host_of(turn);
    char *headers = joined_headers(request), *body = joined_body(request);

    take(host, MINI_REQUEST, checkpoint);
    host->answer.step = request->step;
    host->answer.method = copy(host, request->method);
    host->answer.url = copy(host, request->url);
    host->answer.headers = copy(host, headers);
    host->answer.body = copy(host, body);
    host->answer.example = copy(host, request->example_body);
    free(headers);
    free(body);
}

static void on_finish(struct cp_turn *turn, const struct cp_verdict *verdict,
                      const char *checkpoint)
{
    struct mini_host *host = host_of(turn);

    take(host, MINI_VERDICT, checkpoint);
    host->answer.verdict = *verdict;
    host->answer.verdict.remote_id = copy(host, verdict->remote_id);
    host->answer.verdict.url = copy(host, verdict->url);
    host->answer.verdict.name = copy(host, verdict->name);
    host->answer.verdict.facts = copy(host, verdict->facts);
    host->answer.verdict.credential = copy(host, verdict->credential);
    host->answer.verdict.difference = copy(host, verdict->difference);
    host->answer.verdict.reason = copy(host, verdict->reason);
}

static void on_ask(struct cp_turn *turn, const struct cp_ask *ask, const char *checkpoint)
{
    struct mini_host *host = host_of(turn);

    take(host, MINI_ASK, checkpoint);
    host->answer.text = copy(host, ask->text);
    host->answer.ask_url = copy(host, ask->url);
}

void mini_start(struct mini_host *host, enum cp_purpose purpose)
{
    memset(host, 0, sizeof(*host));
    host->settings = (struct cp_settings){ "uk", settings, 2 };
    host->part = (struct cp_part_view){ .text = "Hello", .language = "en" };
    host->calls = (struct cp_host){ on_request, on_finish, on_ask };
    host->turn = (struct cp_turn){ .size = sizeof(host->turn),
                                   .purpose = purpose,
                                   .part_number = 1,
                                   .part_total = 1,
                                   .generation = 1,
                                   .wire_key = "ovj7ufflt4yrvpmsb7kkno4heu",
                                   .due_us = NOW,
                                   .now_us = NOW,
                                   .account_id = "9",
                                   .facts = "{}" };
}

static void forget(struct mini_host *host)
{
    while (host->string_count)
        free(host->strings[--host->string_count]);
    memset(&host->answer, 0, sizeof(host->answer));
}

static const struct mini_answer *run(struct mini_host *host)
{
    char *before = strdup(host->checkpoint ? host->checkpoint : "{}");

    forget(host);
    host->turn.checkpoint = before;
    host->turn.host = &host->calls;
    if (host->turn.purpose == CP_POST || host->turn.purpose == CP_LOOK_UP)
        host->turn.part = &host->part;
    camp_post_adapter.turns[host->turn.purpose](&host->settings, &host->turn);
    if (host->answer.kind == MINI_NONE)
        abort();
    host->turn.checkpoint = NULL;
    host->turn.reply = NULL;
    host->turn.answer = NULL;
    free(before);
    return &host->answer;
}

const struct mini_answer *mini_turn(struct mini_host *host)
{
    return run(host);
}

const struct mini_answer *mini_typed(struct mini_host *host, const char *typed)
{
    host->turn.answer = typed;
    return run(host);
}

const struct mini_answer *mini_reply(struct mini_host *host, int status, const char *headers,
                                     const char *body)
{
    char *line = strdup(headers ? headers : ":"), *colon = strchr(line, ':');
    struct cp_field field;
    struct cp_reply reply = { .status = status,
                              .headers = &field,
                              .header_count = headers ? 1 : 0,
                              .body = body,
                              .size = strlen(body) };
    const struct mini_answer *answer;

    *colon = '\0';
    field = (struct cp_field){ line, colon[1] == ' ' ? colon + 2 : colon + 1, NULL };
    host->turn.reply = &reply;
    answer = run(host);
    free(line);
    return answer;
}

void mini_end(struct mini_host *host)
{
    forget(host);
    free(host->checkpoint);
    host->checkpoint = NULL;
}

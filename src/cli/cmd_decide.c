/* src/cli/cmd_decide.c - hold, release, cancel, retry, resolve: a person's decisions.
 *
 * The decision is a line of JSON that the running service gets over its socket; without one the same
 * code runs here. This file only says it and repeats the answer.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_private.h"

#define REASON                                                                                     \
    {                                                                                              \
        "reason", CP_KEY_REASON, "TEXT", 0, "Why; it is kept in the ledger beside your name", 0    \
    }

static const struct argp_option plain_options[] = { REASON, { 0 } };
static const struct argp_option release_options[] = {
    REASON,
    { "standby", CP_KEY_STANDBY, NULL, 0, "Posts on standby of a wide scope go, too", 0 },
    { "late", CP_KEY_LATE, NULL, 0, "Late ones of a wide scope go, too", 0 },
    { 0 }
};
static const struct argp_option retry_options[] = {
    REASON,
    { "send-by", CP_KEY_SEND_BY, "SPAN", 0, "Until when it makes sense, from now (2h)", 0 },
    { 0 }
};
static const struct argp_option resolve_options[] = {
    REASON,
    { "published", CP_KEY_PUBLISHED, "ID", 0, "It is out, under this id at the server", 0 },
    { "absent", CP_KEY_ABSENT, NULL, 0, "It is not out: try again", 0 },
    { "cancel", CP_KEY_CANCEL, NULL, 0, "Give it up", 0 },
    { 0 }
};

/* ---- saying it ----------------------------------------------------------------------------- */

static json_t *who(void)
{
    const struct passwd *user = getpwuid(getuid());

    return user ? cp_text_json(user->pw_name) : json_sprintf("user %u", (unsigned)getuid());
}

/* A distance from now, on the clock that the ledger's plan goes by. */
static bool read_send_by(const struct cp_arguments *arguments, int64_t *out_us, int *code)
{
    struct cp_session session;
    struct cp_error err = { 0 };
    struct cp_span span;

    if (!cp_span_parse(arguments->send_by, &span, &err)) {
        *code = cp_fail_with(CP_EXIT_USAGE, &err);
        return false;
    }
    if (cp_span_us(span) <= 0) {
        *code = cp_fail(CP_EXIT_USAGE, "--send-by '%s' is already past", arguments->send_by);
        return false;
    }
    *code = cp_session_begin(arguments, &session);
    if (*code)
        return false;
    *out_us = session.now_us + cp_span_us(span);
    cp_session_close(&session);
    return true;
}

static json_t *decision(const struct cp_command *command, const struct cp_arguments *arguments,
                        int64_t send_by_us)
{
    json_t *json = json_pack("{s:s, s:o, s:o}", "command", command->name, "scope",
                             cp_text_json(arguments->words[0]), "by", who());

    if (arguments->reason)
        json_object_set_new(json, "reason", cp_text_json(arguments->reason));
    if (arguments->published)
        json_object_set_new(json, "published", cp_text_json(arguments->published));
    if (send_by_us)
        json_object_set_new(json, "send_by_us", json_integer(send_by_us));
    json_object_set_new(json, "absent", json_boolean(arguments->absent));
    json_object_set_new(json, "cancel", json_boolean(arguments->cancel));
    json_object_set_new(json, "standby", json_boolean(arguments->standby));
    json_object_set_new(json, "late", json_boolean(arguments->late));
    return json;
}

/* ---- repeating the answer ------------------------------------------------------------------ */

static void print_deliveries(const json_t *answer)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(answer, "deliveries"), i, item)
    {
        const char *key = json_string_value(json_object_get(item, "key"));
        const char *state = json_string_value(json_object_get(item, "state"));

        printf("  ");
        cp_put(stdout, key ? key : "");
        printf(": %s%s\n", state ? state : "",
               json_is_true(json_object_get(item, "changed")) ? "" : " (unchanged)");
    }
    json_array_foreach(json_object_get(answer, "under_way"), i, item)
    {
        printf("  ");
        cp_put(stdout, json_string_value(item) ? json_string_value(item) : "");
        printf(": already on its way\n");
    }
}

static int print_answer(const struct cp_arguments *arguments, json_t *answer)
{
    const char *message = json_string_value(json_object_get(answer, "message"));
    bool fine = json_is_true(json_object_get(answer, "ok"));

    if (arguments->json) {
        if (!cp_print_json(json_incref(answer)))
            return CP_EXIT_ENVIRONMENT;
    } else if (fine) {
        cp_put(stdout, message ? message : "done");
        fputc('\n', stdout);
        print_deliveries(answer);
    } else {
        cp_fail(0, "%s", message ? message : "it was refused");
        print_deliveries(answer);
    }
    if (json_is_true(json_object_get(answer, "environment")))
        return CP_EXIT_ENVIRONMENT;
    return fine ? CP_EXIT_FINE : CP_EXIT_SCHEDULE;
}

/* The same codes as of the commands that read. */
static int code_of(const struct cp_error *err)
{
    if (err->domain != &cp_service_errors)
        return CP_EXIT_ENVIRONMENT;
    return err->code == CP_SERVICE_USAGE      ? CP_EXIT_USAGE
           : err->code == CP_SERVICE_SCHEDULE ? CP_EXIT_SCHEDULE
                                              : CP_EXIT_ENVIRONMENT;
}

static int send_decision(const struct cp_arguments *arguments, const json_t *command)
{
    struct cp_error err = { 0 };
    struct cp_adapters *adapters = cp_adapters_load(NULL, &err);
    struct cp_service_options options = { .config_path = arguments->config, .adapters = adapters };
    json_t *answer = adapters ? cp_command_send(&options, command, &err) : NULL;
    int code = answer ? print_answer(arguments, answer) : cp_fail_with(code_of(&err), &err);

    json_decref(answer);
    cp_adapters_free(adapters);
    return code;
}

/* ---- the commands -------------------------------------------------------------------------- */

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    int64_t send_by_us = 0;
    json_t *json;
    int code;

    if (command == &cp_cmd_resolve &&
        (arguments->published != NULL) + arguments->absent + arguments->cancel != 1)
        return cp_fail(CP_EXIT_USAGE, "say exactly one of --published ID, --absent and --cancel");
    if (arguments->send_by && !read_send_by(arguments, &send_by_us, &code))
        return code;
    if (arguments->dry_run)
        return cp_decide_dry(command, arguments);
    json = decision(command, arguments, send_by_us);
    code = json ? send_decision(arguments, json) : cp_fail(CP_EXIT_ENVIRONMENT, "out of memory");
    json_decref(json);
    return code;
}

#define DECISION(NAME, WORDS, OPTIONS, DOC)                                                        \
    const struct cp_command cp_cmd_##NAME = {                                                      \
        .name = #NAME,                                                                             \
        .words = WORDS,                                                                            \
        .doc = DOC,                                                                                \
        .options = OPTIONS,                                                                        \
        .least = 1,                                                                                \
        .most = 1,                                                                                 \
        .takes_scope = true,                                                                       \
        .decides = true,                                                                           \
        .run = run,                                                                                \
    }

DECISION(
    hold, "SCOPE", plain_options,
    "Stops deliveries\vIt holds at once; the answer comes when it is durable. "
    "SCOPE: all, campaign:X, organisation:X, account:X, [CAMPAIGN/]POST[/OCCURRENCE[/ACCOUNT]].");
DECISION(
    release, "SCOPE", release_options,
    "Ends holds, and lets posts on standby and late ones go\v"
    "Ends the holds of exactly this scope and says what still stands. A post on standby or a late "
    "one goes when it is named, or with --standby and --late.");
DECISION(cancel, "SCOPE", plain_options, "Takes back what is not sent\vWhat is out stays out.");
DECISION(retry, "SCOPE", retry_options,
         "Tries again what was rejected or has expired\v"
         "What has expired goes again only with a --send-by that is still to come.");
DECISION(resolve, "DELIVERY", resolve_options,
         "Says what became of an uncertain delivery\v"
         "After a look at the account. A part of a thread is written with its number: …#2.");

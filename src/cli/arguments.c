/* src/cli/arguments.c - what was typed: the options of the program, the command, and its own.
 *
 * Two rounds of argp. The first goes in order and stops at the command, so that the options behind it
 * are left to the second, whose table is the command's. Without a command the first round is the whole
 * of `plan`, which is what --dry-run means then.
 */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/cli_private.h"

static const struct cp_command *const commands[] = {
    &cp_cmd_new,   &cp_cmd_check,   &cp_cmd_plan,  &cp_cmd_run,      &cp_cmd_status,
    &cp_cmd_show,  &cp_cmd_log,     &cp_cmd_hold,  &cp_cmd_release,  &cp_cmd_cancel,
    &cp_cmd_retry, &cp_cmd_resolve, &cp_cmd_login, &cp_cmd_accounts, &cp_cmd_adapters,
};

/* Of one round. */
struct round {
    struct cp_arguments *out;
    const struct cp_command *command; /* first round: found; second: given */
    int rest;                         /* where in argv the command's own arguments begin */
    bool inner;                       /* second round */
    const char *of_plan;              /* an option of `plan` that was seen in the first round */
};

static const struct cp_command *find_command(const char *name)
{
    for (size_t i = 0; i < CP_COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* ---- options ------------------------------------------------------------------------------- */

static const struct argp_option global_options[] = {
    { "config", CP_KEY_CONFIG, "FILE", 0,
      "The configuration; else ./camp-post.yaml, ~/.config/camp-post/camp-post.yaml, "
      "/etc/camp-post/camp-post.yaml",
      0 },
    { "dry-run", CP_KEY_DRY_RUN, NULL, 0,
      "Without a command: show the plan. With one that decides: show what it would do", 0 },
    { "json", CP_KEY_JSON, NULL, 0, "Report as JSON", 0 },
    { "format", CP_KEY_FORMAT, "text|json", 0, "The same as --json, in words", 0 },
    { 0 }
};

static void set_format(struct cp_arguments *out, const char *word, struct argp_state *state)
{
    if (strcmp(word, "json") == 0)
        out->json = true;
    else if (strcmp(word, "text") == 0)
        out->json = false;
    else
        argp_error(state, "unknown format '%s': text or json", word);
}

static error_t parse_global(int key, char *value, struct argp_state *state)
{
    struct cp_arguments *out = ((struct round *)state->input)->out;

    switch (key) {
    case CP_KEY_CONFIG:
        out->config = value;
        return 0;
    case CP_KEY_DRY_RUN:
        out->dry_run = true;
        return 0;
    case CP_KEY_JSON:
        out->json = true;
        return 0;
    case CP_KEY_FORMAT:
        set_format(out, value, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp global = { .options = global_options, .parser = parse_global };
static const struct argp_child children[] = { { &global, 0, "Before the command or behind it:", 1 },
                                              { 0 } };

static bool set_flag(struct cp_arguments *out, int key)
{
    switch (key) {
    case CP_KEY_ONLINE:
        return out->online = true;
    case CP_KEY_REQUESTS:
        return out->requests = true;
    case CP_KEY_VERBOSE:
        return out->verbose = true;
    case CP_KEY_ONCE:
        return out->once = true;
    case CP_KEY_NOTICES:
        return out->notices = true;
    case CP_KEY_ABSENT:
        return out->absent = true;
    case CP_KEY_CANCEL:
        return out->cancel = true;
    case CP_KEY_STANDBY:
        return out->standby = true;
    case CP_KEY_LATE:
        return out->late = true;
    default:
        return false;
    }
}

static bool set_value(struct cp_arguments *out, int key, const char *value)
{
    const char **at;

    switch (key) {
    case CP_KEY_ONLY:
        at = &out->only;
        break;
    case CP_KEY_CLOCK:
        at = &out->clock;
        break;
    case CP_KEY_REASON:
        at = &out->reason;
        break;
    case CP_KEY_SEND_BY:
        at = &out->send_by;
        break;
    case CP_KEY_PUBLISHED:
        at = &out->published;
        break;
    case CP_KEY_ADAPTER:
        at = &out->adapter;
        break;
    default:
        return false;
    }
    *at = value;
    return true;
}

/* ---- words --------------------------------------------------------------------------------- */

static void add_word(struct round *round, const char *word, struct argp_state *state)
{
    struct cp_arguments *out = round->out;
    const struct cp_command *command = round->command ? round->command : &cp_cmd_plan;

    if (out->word_count == command->most)
        argp_error(state, "'%s' is one too many", word);
    if (!out->words)
        out->words = calloc((size_t)state->argc + 1, sizeof(*out->words));
    if (!out->words)
        argp_failure(state, CP_EXIT_ENVIRONMENT, 0, "out of memory");
    else
        out->words[out->word_count++] = word;
}

static void first_word(struct round *round, const char *word, struct argp_state *state)
{
    round->command = find_command(word);
    if (!round->command) {
        add_word(round, word, state);
        return;
    }
    if (round->of_plan && round->command != &cp_cmd_plan)
        argp_error(state, "'--%s' does not belong before '%s'", round->of_plan, word);
    round->rest = state->next;
    state->next = state->argc;
}

/* Neither a command nor --dry-run: nothing that could be meant. */
static void no_command(const struct round *round, struct argp_state *state)
{
    const char *names[CP_COUNT(commands)], *word, *near;

    if (!round->out->word_count) {
        argp_state_help(state, stderr, ARGP_HELP_USAGE | ARGP_HELP_SEE);
        exit(CP_EXIT_USAGE);
    }
    for (size_t i = 0; i < CP_COUNT(commands); i++)
        names[i] = commands[i]->name;
    word = round->out->words[0];
    near = cp_nearest(word, names, CP_COUNT(commands));
    if (near)
        argp_error(state, "unknown command '%s': did you mean '%s'?", word, near);
    else
        argp_error(state, "unknown command '%s'", word);
}

/* ---- the two rounds ------------------------------------------------------------------------ */

static const char *option_name(int key)
{
    for (const struct argp_option *option = cp_cmd_plan.options; option->name; option++)
        if (option->key == key)
            return option->name;
    return NULL;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct round *round = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = round;
        return 0;
    case ARGP_KEY_ARG:
        if (!round->inner && !round->out->word_count)
            first_word(round, value, state);
        else
            add_word(round, value, state);
        return 0;
    case ARGP_KEY_END:
        if (!round->command && !round->out->dry_run)
            no_command(round, state);
        if (round->inner && round->out->word_count < round->command->least)
            argp_error(state, "'%s' wants %s", round->command->name, round->command->words);
        return 0;
    default:
        if (!round->inner)
            round->of_plan = option_name(key) ? option_name(key) : round->of_plan;
        return set_flag(round->out, key) || set_value(round->out, key, value) ? 0
                                                                              : ARGP_ERR_UNKNOWN;
    }
}

/* "CAMPAIGN/POST#2": the number of a part stands behind the scope. */
static void read_scope(const struct cp_command *command, struct cp_arguments *out)
{
    const char *text = command->takes_scope && out->word_count ? out->words[0] : out->only;
    const char *hash = text ? strrchr(text, '#') : NULL;
    char scope[CP_SCOPE_SIZE + 1], *end = NULL;
    struct cp_error err = { 0 };

    if (!text)
        return;
    snprintf(scope, sizeof(scope), "%.*s", hash ? (int)(hash - text) : (int)strlen(text), text);
    if (hash) {
        out->part = (unsigned)strtoul(hash + 1, &end, 10);
        if (!out->part || *end)
            exit(cp_fail(CP_EXIT_USAGE, "'%s' does not end in the number of a part", text));
    }
    if (!cp_scope_parse(scope, &out->scope, &err))
        exit(cp_fail_with(CP_EXIT_USAGE, &err));
    out->has_scope = true;
}

static char *top_doc(int key, const char *text, void *input)
{
    struct cp_buffer doc = { 0 };

    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    cp_buffer_puts(&doc, "Commands:\n");
    for (size_t i = 0; i < CP_COUNT(commands); i++) {
        const char *line = commands[i]->doc;

        cp_buffer_printf(&doc, "  %-9s %.*s\n", commands[i]->name, (int)strcspn(line, "\v"), line);
    }
    cp_buffer_puts(&doc, "\n`camp-post COMMAND --help` tells more, camp-post(1) everything.");
    return cp_buffer_steal(&doc);
}

static void second_round(int argc, char **argv, struct round *round)
{
    const struct cp_command *command = round->command;
    struct argp argp = {
        command->options, parse, command->words, command->doc, children, NULL, NULL
    };
    struct cp_buffer name = { 0 };

    cp_buffer_printf(&name, "camp-post %s", command->name);
    argv[round->rest - 1] = cp_buffer_steal(&name); /* what usage lines begin with */
    round->inner = true;
    argp_parse(&argp, argc - round->rest + 1, argv + round->rest - 1, 0, NULL, round);
}

const struct cp_command *cp_arguments_parse(int argc, char **argv, struct cp_arguments *out)
{
    struct argp top = { cp_cmd_plan.options,
                        parse,
                        "COMMAND [ARGUMENT...]\n--dry-run [FILE...]",
                        "Sends the posts of a campaign, each exactly once.\v",
                        children,
                        top_doc,
                        NULL };
    struct round round = { .out = out };

    argp_err_exit_status = CP_EXIT_USAGE;
    argp_program_version = "camp-post " CAMP_POST_VERSION;
    argp_parse(&top, argc, argv, ARGP_IN_ORDER, NULL, &round);
    if (round.command)
        second_round(argc, argv, &round);
    else
        round.command = &cp_cmd_plan;
    read_scope(round.command, out);
    return round.command;
}

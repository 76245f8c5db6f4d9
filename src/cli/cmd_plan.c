/* src/cli/cmd_plan.c - `plan`, and --dry-run without a command: what `run` would accept. No network, no write. */
#include "cli/cli_private.h"

static const struct argp_option options[] = {
    { "requests", CP_KEY_REQUESTS, NULL, 0, "Show the true requests, secrets as placeholders", 0 },
    { "only", CP_KEY_ONLY, "SCOPE", 0, "Show only what the scope covers", 0 },
    { "clock", CP_KEY_CLOCK, "START", 0, "Plan as if it were this time (YYYY-MM-DD HH:MM)", 0 },
    { "verbose", CP_KEY_VERBOSE, NULL, 0, "Show the keys and all notes, too", 0 },
    { 0 }
};

static int report(const struct cp_session *session, const struct cp_preview *preview,
                  const struct cp_arguments *arguments)
{
    bool faults = preview->diagnostics.faults > 0;

    if (arguments->json) {
        if (!cp_plan_print_json(session, preview, arguments))
            return CP_EXIT_ENVIRONMENT;
    } else if (faults || !preview->plan) {
        cp_diagnostics_print(&preview->diagnostics, *cp_style_of(stderr)->off, stderr);
        cp_fail(0, "there is no plan: %zu error%s; nothing would be accepted",
                preview->diagnostics.faults, preview->diagnostics.faults == 1 ? "" : "s");
    } else {
        cp_plan_print(session, preview, arguments, stdout);
    }
    return faults ? CP_EXIT_SCHEDULE : CP_EXIT_FINE;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    struct cp_session session;
    struct cp_preview preview;
    int code = cp_session_look(arguments, &session, &preview);

    (void)command;
    if (!code)
        code = report(&session, &preview, arguments);
    cp_preview_release(&preview);
    cp_session_close(&session);
    return code;
}

const struct cp_command cp_cmd_plan = {
    .name = "plan",
    .words = "[FILE...]",
    .doc = "Shows what would go out and what is new; so does --dry-run\v"
           "Uses no network and writes nothing. FILE: schedules, instead of those that the "
           "configuration names.",
    .options = options,
    .most = SIZE_MAX,
    .run = run,
};

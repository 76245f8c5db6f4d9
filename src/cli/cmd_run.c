/* src/cli/cmd_run.c - `run`: the service. */
#include "cli/cli_private.h"

static const struct argp_option options[] = {
    { "once", CP_KEY_ONCE, NULL, 0,
      "Accept, send what is due or released, wait until it is read back, and end", 0 },
    { "only", CP_KEY_ONLY, "SCOPE", 0, "Send only what the scope covers", 0 },
    { "clock", CP_KEY_CLOCK, "START", 0,
      "Rehearse: time begins at START and jumps (YYYY-MM-DD HH:MM in the campaign's zone)", 0 },
    { 0 }
};

/* START is written in the zone of the first campaign, so the files are read for it. */
static int read_start(const struct cp_arguments *arguments, int64_t *out_us)
{
    struct cp_session session;
    struct cp_preview preview;
    int code = cp_session_look(arguments, &session, &preview);

    if (!code && preview.diagnostics.faults) {
        cp_diagnostics_print(&preview.diagnostics, *cp_style_of(stderr)->off, stderr);
        code = CP_EXIT_SCHEDULE;
    }
    *out_us = session.now_us;
    cp_preview_release(&preview);
    cp_session_close(&session);
    return code;
}

static int serve(const struct cp_arguments *arguments)
{
    struct cp_error err = { 0 };
    struct cp_adapters *adapters = cp_adapters_load(NULL, &err);
    struct cp_service_options service = {
        .config_path = arguments->config,
        .files = arguments->words,
        .file_count = arguments->word_count,
        .adapters = adapters,
        .only = arguments->only ? &arguments->scope : NULL,
        .once = arguments->once,
        .fast_forward = arguments->clock != NULL,
    };
    int code = CP_EXIT_FINE;

    if (!adapters)
        return cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    if (arguments->clock)
        code = read_start(arguments, &service.start_us);
    if (code == CP_EXIT_FINE)
        code = (int)cp_service_run(&service, &err);
    if (err.domain)
        cp_fail_with(code, &err);
    cp_adapters_free(adapters);
    return code;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    (void)command;
    if (arguments->dry_run)
        return cp_cmd_plan.run(&cp_cmd_plan, arguments);
    return serve(arguments);
}

const struct cp_command cp_cmd_run = {
    .name = "run",
    .words = "[FILE...]",
    .doc = "Accepts the plan and sends it: the service\v"
           "Reads the files again when they change, or on SIGHUP; ends on SIGTERM when what is "
           "under way "
           "has settled. FILE: schedules, instead of those that the configuration names.",
    .options = options,
    .most = SIZE_MAX,
    .decides = true,
    .run = run,
};

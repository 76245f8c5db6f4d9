/* src/cli/cmd_new.c - `new`: a campaign and a configuration to start from. */
#include "cli/cli_private.h"

static void say_next(const char *directory)
{
    printf("Made a campaign in %s: camp-post.yaml (this machine, its accounts) and "
           "schedule/hello.yaml (a "
           "first post).\n\nNext:\n"
           "  cd %s\n"
           "  camp-post login mastodon-main https://YOUR.SERVER    adds an account\n"
           "  camp-post --dry-run                                  shows what would go out\n",
           directory, directory);
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    const char *directory = arguments->words[0];
    struct cp_error err = { 0 };
    struct cp_zones *zones = cp_zones_open(&err);
    int code = CP_EXIT_FINE;

    (void)command;
    if (!zones)
        return cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    if (arguments->dry_run)
        printf("Would make %s/camp-post.yaml and %s/schedule/hello.yaml, in the time zone %s.\n",
               directory, directory, cp_zones_system(zones));
    else if (cp_schedule_new(directory, cp_zones_system(zones), &err))
        say_next(directory);
    else
        code = cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    cp_zones_close(zones);
    return code;
}

const struct cp_command cp_cmd_new = {
    .name = "new",
    .words = "DIRECTORY",
    .doc = "Makes a campaign and a configuration to start from\v"
           "The folder must be new or empty: nothing is ever overwritten.",
    .least = 1,
    .most = 1,
    .decides = true,
    .run = run,
};

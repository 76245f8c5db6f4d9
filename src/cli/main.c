/* src/cli/main.c - the program: what protects it, then the command. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cli/cli_private.h"

/* Tokens will be in memory: no core file, no debugger of the same user. */
static void protect(void)
{
    struct rlimit none = { 0, 0 };

    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &none);
}

/* No file for others' eyes; but what `new` makes may belong to a service that runs as another user. */
static void close_files(const struct cp_command *command)
{
    if (command != &cp_cmd_new)
        umask(077);
}

static void prepare(void)
{
    signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an error of that write, not our end */
    /* The pool is shared by names, files, hashes and the ledger; read once, before its first use. */
    setenv("UV_THREADPOOL_SIZE", "8", 0);
}

/* A report that did not arrive must not look like one that did. A reader that has seen enough (head)
 * is no trouble. */
static int close_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno == EPIPE)
        return code;
    return cp_fail(CP_EXIT_ENVIRONMENT, "cannot write the output: the disk may be full");
}

int main(int argc, char **argv)
{
    struct cp_arguments arguments = { 0 };
    const struct cp_command *command;
    int code;

    protect();
    prepare();
    command = cp_arguments_parse(argc, argv, &arguments);
    close_files(command);
    code = command->run(command, &arguments);
    free(arguments.words);
    return close_output(code);
}

/* src/service/service.h - carries out what the engine decides. It decides nothing itself.
 *
 * The one place where engine, ledger, adapters and transport meet: messages go between them, in one
 * process, on one loop that never blocks. The same object, opened without a network, is what a
 * deciding command uses when no service runs.
 *
 *     preview.h   files, facts and ledger to a plan: what --dry-run shows and what `run` accepts
 *     errand.h    the turns of one adapter with their exchanges, for a part, an account or a login
 *     service.c   opening, running, ending; guard.c: the state folder, the lock, ledgers that must not be used
 *     dispatch.c  events to the engine, its actions to everybody else
 *     writer.c    everything that is written to the ledger, one pool job after the other
 *     part.c      posting and looking up
 *     account.c   who we are, credentials, limits; account_config.c: accounts come and go
 *     acceptance.c reading the files, accepting, reloading; watch.c notices that they have changed
 *     wake.c      when something is due; the fast-forward clock
 *     command.c   people's decisions; control.c carries them over the socket
 *     notice.c    notices to the notify commands; readiness and watchdog for the supervisor
 */
#ifndef CP_SERVICE_SERVICE_H
#define CP_SERVICE_SERVICE_H

#include <jansson.h>

#include "adapter/adapter.h"
#include "base/error.h"
#include "model/model.h"

extern const struct cp_error_domain cp_service_errors;
enum { CP_SERVICE_SCHEDULE = 1, CP_SERVICE_ENVIRONMENT, CP_SERVICE_USAGE };

struct cp_service_options {
    const char *config_path;  /* the configuration file */
    const char *const *files; /* schedules given on the command line; NULL: the configuration's */
    size_t file_count;
    const struct cp_adapters *adapters;
    const struct cp_scope *only; /* what is accepted and sent; NULL: everything */
    bool once;                   /* end when nothing is left to do now */
    bool fast_forward;           /* plan time starts at start_us and jumps */
    int64_t start_us;
    const char *ca_file; /* NULL: the system's */
};

/* How a run ended; the exit code of the program. */
enum cp_service_ending {
    CP_ENDED_WELL = 0,
    CP_ENDED_SCHEDULE = 1,
    CP_ENDED_LEFT = 3,
    CP_ENDED_ENVIRONMENT = 4
};

/* `run`: returns when the service has ended. Diagnostics of the files go to standard error. */
enum cp_service_ending cp_service_run(const struct cp_service_options *options,
                                      struct cp_error *err);

/* A person's decision as JSON: {"command": "hold|release|cancel|retry|resolve", "scope": …, "reason": …,
 * "by": …, for release "standby" and "late" (true: those of a wide scope go, too), for retry "send_by_us", for resolve "published": id | "absent": true | "cancel": true}.
 * Goes over the socket to the running service; without one it takes the lock and does the same here.
 * Returns the answer: {"ok": bool, "message": …, "deliveries": [{"key", "state", "changed": bool}]}. */
json_t *cp_command_send(const struct cp_service_options *options, const json_t *command,
                        struct cp_error *err);

#endif

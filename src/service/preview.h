/* src/service/preview.h - files, facts and ledger to a plan, without a network and without a write.
 *
 * `check`, `--dry-run` and `run` all come through here, so that what is shown is what is accepted.
 */
#ifndef CP_SERVICE_PREVIEW_H
#define CP_SERVICE_PREVIEW_H

#include "adapter/adapter.h"
#include "ledger/ledger.h"
#include "plan/plan.h"
#include "schedule/schedule.h"

struct cp_preview_options {
    const char *config_path;
    const char *const *files; /* NULL: the configuration's schedules */
    size_t file_count;
    const struct cp_adapters *adapters;
    const struct cp_scope *only;
    struct cp_ledger
        *ledger;    /* NULL: opened read-only where the configuration says; missing is fine */
    int64_t now_us; /* plan time */
};

struct cp_preview {
    struct cp_arena *arena; /* of all that was read */
    struct cp_zones *zones;
    struct cp_config *config;
    const struct cp_campaign **campaigns;
    size_t campaign_count;
    struct cp_facts *facts; /* one per account */
    struct cp_snapshot snapshot;
    bool has_ledger;
    struct cp_plan_input input;
    struct cp_plan *plan;              /* NULL when the files have faults */
    struct cp_diagnostics diagnostics; /* of the files, and of the plan when there is one */
};

/* False: the environment is in the way (no configuration, no ledger to be read); what is wrong with the
 * files is in out->diagnostics. Release in both cases. */
bool cp_preview_make(const struct cp_preview_options *options, struct cp_preview *out,
                     struct cp_error *err);
void cp_preview_release(struct cp_preview *preview);

/* The configuration alone. False: it cannot be found (err); true with *out NULL: it has faults. */
bool cp_preview_config(const struct cp_preview_options *options, struct cp_arena *arena,
                       struct cp_diagnostics *diagnostics, struct cp_config **out,
                       struct cp_error *err);

/* The limits of an account that count: configuration over facts (the platform's own halved) over
 * defaults (150 posts in 3 hours, no spacing, overdue ones 5 minutes apart, settle by the general rule). */
struct cp_limits cp_limits_final(const struct cp_account *account, const struct cp_facts *facts);
/* "STATE/ledger.db" from the arena. */
const char *cp_ledger_path(const struct cp_config *config, struct cp_arena *arena);

#endif

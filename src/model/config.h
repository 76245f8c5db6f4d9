/* src/model/config.h - the configuration: which accounts are ours, and where things are.
 *
 * Belongs to the arena of the reading that made it. Paths are already resolved against the file
 * that named them. There is never a secret in it: `credential` is the name of a file.
 */
#ifndef CP_MODEL_CONFIG_H
#define CP_MODEL_CONFIG_H

#include <camp-post/adapter.h>

#include "model/campaign.h"

/* What the account's owner wrote; a negative number means "not written: the adapter's facts say". */
struct cp_limits {
    int64_t posts, per_us; /* at most so many posts in so long */
    int64_t spacing_us;    /* least distance between two posts */
    int64_t overdue_us;    /* distance of overdue ones; five minutes where nothing says otherwise */
    int64_t
        settle_us; /* replaces the whole rule for how long to wait before a read proves absence */
};

struct cp_account {
    const char *id, *was;
    const char *organisation; /* NULL: none */
    const char *adapter;
    const char *server; /* origin, e.g. https://social.example; NULL for an adapter without one */
    const char *directory; /* absolute path; NULL for an adapter without one */
    const char **languages;
    size_t language_count;
    const char **tags;
    size_t tag_count;
    const char
        *credential; /* name of the file in the folder of credentials, without .json; NULL: none */
    struct cp_limits limits;
    struct cp_field
        *options; /* every setting that the adapter's schema names, defaults filled in */
    size_t option_count;
    struct cp_place at;
};

struct cp_notify {
    const char **command; /* argument vector, ends in NULL */
    struct cp_place at;
};

struct cp_config {
    const char *path;       /* the file; its folder is where relative paths start */
    const char **schedules; /* NULL: it does not say; an empty list is said */
    size_t schedule_count;
    const char *state, *credentials; /* folders */
    struct cp_account *accounts;
    size_t account_count;
    struct cp_notify *notify;
    size_t notify_count;
};

const struct cp_account *cp_config_account(const struct cp_config *config, const char *id);

/* Does this selector cover the account? */
bool cp_selector_matches(const struct cp_selector *selector, const struct cp_account *account);
/* Does the post go to this account? No selector at all means every account. */
bool cp_post_goes_to(const struct cp_post *post, const struct cp_account *account);

#endif

/* src/schedule/schedule.h - files in, model out, every complaint with file:line:column.
 *
 * The only place that reads YAML. A reading never stops at its first complaint and never yields half
 * of a thing: with a fault among the diagnostics the result is NULL. All input is hostile: size, depth,
 * count and expansion are bounded (limits below), paths stay inside the directory of the file that
 * names them, and nothing is opened but regular files.
 *
 * What was read belongs to the arena that is handed in and lives as long as it does.
 */
#ifndef CP_SCHEDULE_SCHEDULE_H
#define CP_SCHEDULE_SCHEDULE_H

#include "base/arena.h"
#include "base/diagnostics.h"
#include "base/error.h"
#include "model/campaign.h"
#include "model/config.h"

enum {
    CP_FILE_MOST = 128 << 20,   /* bytes of one file */
    CP_DEPTH_MOST = 64,         /* nesting */
    CP_POSTS_MOST = 1000000,    /* posts of one campaign */
    CP_MEDIUM_MOST = 128 << 20, /* bytes of one medium */
};

struct cp_schedule_context {
    struct cp_arena *arena;
    struct cp_zones *zones;
    const struct cp_config
        *config; /* accounts that `to` may name; NULL: `to` is not checked against it */
    struct cp_diagnostics *diagnostics;
};

/* Reads one campaign: a file, or every *.yaml, *.yml and *.json of a directory (in order of name,
 * hidden ones left out), among which exactly one has the `campaign:` block. NULL when there was a fault. */
struct cp_campaign *cp_schedule_read(const char *path, const struct cp_schedule_context *context);

/* The same for text in memory (tests, fuzzing, what an editor holds): `name` stands in the messages,
 * and media are looked for beside it. */
struct cp_campaign *cp_schedule_read_text(const char *name, const char *text, size_t size,
                                          const struct cp_schedule_context *context);

/* Gives the option schema of an adapter, or NULL when there is no adapter of this name. */
typedef const struct cp_adapter *cp_adapter_lookup_fn(const char *name, void *ctx);
/* Names of the adapters that are there, for hints; NULL ends it. */
typedef const char *const *cp_adapter_names_fn(void *ctx);

struct cp_config_context {
    struct cp_arena *arena;
    struct cp_diagnostics *diagnostics;
    cp_adapter_lookup_fn *adapter; /* NULL: options of adapters are not checked */
    cp_adapter_names_fn *names;    /* may be NULL */
    void *ctx;
};

struct cp_config *cp_config_read(const char *path, const struct cp_config_context *context);

/* Where the configuration is: `given`, else ./camp-post.yaml,
 * $XDG_CONFIG_HOME/camp-post/camp-post.yaml (~/.config), /etc/camp-post/camp-post.yaml. Returns
 * a path from the arena; NULL with a message that names the places. */
const char *cp_config_find(const char *given, struct cp_arena *arena, struct cp_error *err);

/* Puts an account into the configuration file in place: the bytes around it stay as they are. `lines` is
 * the account's block as YAML, indented by nothing, e.g. "name:\n  adapter: mastodon\n". The result is read
 * again and compared with what was meant before it replaces the file (written beside, synced, renamed).
 * False: the file is as it was, and the message says what to paste where. */
bool cp_config_add_account(const char *path, const char *id, const char *lines,
                           struct cp_error *err);

/* Writes camp-post.yaml and schedule/hello.yaml into a new or empty directory; refuses to overwrite. */
bool cp_schedule_new(const char *directory, const char *zone, struct cp_error *err);

/* ---- printing ------------------------------------------------------------------------------ */

/* Sorts the list and gives each entry that has a place but no source line the line of its file. */
void cp_schedule_add_sources(struct cp_diagnostics *list);

/* "file:line:column: error: message" with the source line, a caret and the hint. colour: ANSI. */
void cp_diagnostics_print(const struct cp_diagnostics *list, bool colour, void *stream);

#endif

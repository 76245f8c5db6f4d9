/* cli/cli_private.h - what the files of the program share.
 *
 * A command is a row of a table and a function in a file of its own. It is handed what was typed and
 * returns the exit code. It prints its report to standard output and everything else to standard
 * error; what comes from files, servers or the ledger reaches a terminal through cp_text_visible() alone.
 *
 *     arguments.c   what was typed: argp's tables, the command, its options
 *     session.c     what reading commands start from: adapters, configuration, ledger, holds
 *     inquiry.c     asking a server something: who we are, what it can do, a login
 *     output.c      errors, colours, JSON, wrapped text;  table.c: columns
 *     words.c       times, durations and sizes as people read them
 *     state_view.c  the words for the state of a delivery in the ledger
 */
#ifndef CP_CLI_CLI_PRIVATE_H
#define CP_CLI_CLI_PRIVATE_H

#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <uv.h>

#include "adapter/adapter.h"
#include "base/buffer.h"
#include "ledger/ledger.h"
#include "service/preview.h"
#include "service/service.h"
#include "transport/transport.h"

/* The exit codes, a promise of the manual page. */
enum cp_exit {
    CP_EXIT_FINE = 0,
    CP_EXIT_SCHEDULE = 1, /* the schedule or the plan has errors, or a decision came too late */
    CP_EXIT_USAGE = 2,
    CP_EXIT_LEFT = 3, /* some deliveries were rejected, expired or are uncertain */
    CP_EXIT_ENVIRONMENT = 4,
};

/* ---- arguments.c --------------------------------------------------------------------------- */

/* What was typed. Strings are argv's; what was not typed is false, NULL or 0. */
struct cp_arguments {
    const char *config;
    bool dry_run, json;
    bool online, requests, verbose, once, notices, absent, cancel, standby, late;
    const char *only, *clock, *reason, *send_by, *published, *adapter;
    const char **words; /* behind the command; ends in NULL; NULL when there are none */
    size_t word_count;
    struct cp_scope scope; /* of `only`, or of the command's word where it takes a scope */
    bool has_scope;
    unsigned part; /* "…#2"; 0: none was named */
};

/* Options of commands; what stands before the command is among them. */
enum cp_option_key {
    CP_KEY_CONFIG = 256,
    CP_KEY_DRY_RUN,
    CP_KEY_JSON,
    CP_KEY_FORMAT,
    CP_KEY_ONLINE,
    CP_KEY_REQUESTS,
    CP_KEY_VERBOSE,
    CP_KEY_ONCE,
    CP_KEY_ONLY,
    CP_KEY_CLOCK,
    CP_KEY_NOTICES,
    CP_KEY_REASON,
    CP_KEY_SEND_BY,
    CP_KEY_PUBLISHED,
    CP_KEY_ABSENT,
    CP_KEY_CANCEL,
    CP_KEY_STANDBY,
    CP_KEY_LATE,
    CP_KEY_ADAPTER,
};

struct cp_command {
    const char *name;
    const char *words; /* "[FILE...]", for the usage line */
    const char *doc;   /* one line, and after a \v what --help says below the options */
    const struct argp_option *options; /* NULL: none of its own (argp leaks for an empty table) */
    size_t least, most;                /* words that it takes */
    bool takes_scope;                  /* its first word is a scope */
    bool decides;                      /* changes something: --dry-run is meant for it */
    int (*run)(const struct cp_command *command, const struct cp_arguments *arguments);
};

extern const struct cp_command cp_cmd_accounts, cp_cmd_adapters, cp_cmd_cancel, cp_cmd_check,
    cp_cmd_hold, cp_cmd_log, cp_cmd_login, cp_cmd_new, cp_cmd_plan, cp_cmd_release, cp_cmd_resolve,
    cp_cmd_retry, cp_cmd_run, cp_cmd_show, cp_cmd_status;

/* Ends the process for --help and --version (0) and for wrong usage (2). The caller frees out->words. */
const struct cp_command *cp_arguments_parse(int argc, char **argv, struct cp_arguments *out);

/* ---- output.c ------------------------------------------------------------------------------ */

/* ANSI sequences; empty strings where colour is not wanted: no terminal, or NO_COLOR (no-color.org). */
struct cp_style {
    const char *off, *bold, *dim, *red, *green, *yellow, *blue;
};
const struct cp_style *cp_style_of(FILE *stream);
/* Columns of the terminal behind standard output; 0 when it is none: nothing is cut or wrapped for it. */
size_t cp_columns(void);

/* "camp-post: …" on standard error. Both return `code`. */
int cp_fail(int code, const char *fmt, ...) CP_PRINTF(2, 3);
int cp_fail_with(int code, const struct cp_error *err);
/* Prints and frees; false (with a message) when memory ran out. */
bool cp_print_json(json_t *value);
/* The same on one line, without its end: for what is printed piece by piece. */
bool cp_put_json(json_t *value);
/* A string as JSON; bytes that are no UTF-8 become U+FFFD. NULL text gives null. */
json_t *cp_text_json(const char *text);
/* {"seconds as RFC 3339"} or null for 0 and CP_NEVER. */
json_t *cp_instant_json(int64_t us);
/* Safe for a terminal. */
void cp_put(FILE *out, const char *text);
/* Wraps at blanks to `columns` (0: not at all). `lead` stands before the first line, all begin below it. */
void cp_put_wrapped(FILE *out, const char *text, size_t indent, const char *lead, size_t columns);

/* ---- table.c ------------------------------------------------------------------------------- */

struct cp_table;

/* heads: one per column, ends in NULL. */
struct cp_table *cp_table_create(const char *const *heads);
void cp_table_free(struct cp_table *table);
/* Adds the next cell, row by row; colour: an ANSI sequence or NULL. NULL text is an empty cell. */
void cp_table_add(struct cp_table *table, const char *text, const char *colour);
void cp_table_addf(struct cp_table *table, const char *fmt, ...) CP_PRINTF(2, 3);
size_t cp_table_rows(const struct cp_table *table);
/* Aligned; on a terminal the last column is cut to what fits. False: memory ran out. */
bool cp_table_print(const struct cp_table *table, FILE *out);

/* ---- words.c ------------------------------------------------------------------------------- */

enum { CP_LOCAL_SIZE = 64 };
/* "2022-02-15 13:28 GMT"; zone NULL: UTC. "on standby" for CP_NEVER. */
void cp_format_local(const struct cp_zone *zone, int64_t us, char out[CP_LOCAL_SIZE]);
/* "13:28 GMT" */
void cp_format_clock(const struct cp_zone *zone, int64_t us, char out[CP_LOCAL_SIZE]);
/* "Tuesday 15 February 2022" */
void cp_format_day(const struct cp_civil *civil, char out[CP_LOCAL_SIZE]);
/* "83 kB" */
void cp_format_size(uint64_t bytes, char out[CP_LOCAL_SIZE]);
/* RFC 3339, or "YYYY-MM-DD HH:MM" in the zone; a time in a gap or an overlap is refused with both readings. */
bool cp_read_clock(const char *text, const struct cp_zone *zone, int64_t *out_us,
                   struct cp_error *err);
/* Colour of a state's word, of the style; "" for none. */
const char *cp_state_colour(const struct cp_style *style, const char *state);

/* ---- cmd_decide_dry.c ---------------------------------------------------------------------- */

/* What the decision would do, by the ledger as it is; the exit code. */
int cp_decide_dry(const struct cp_command *command, const struct cp_arguments *arguments);

/* ---- session.c ----------------------------------------------------------------------------- */

struct cp_session {
    struct cp_arena *arena;
    struct cp_adapters *adapters;
    struct cp_diagnostics diagnostics; /* of the configuration */
    struct cp_zones *zones;
    struct cp_config *config; /* NULL: it has faults */
    struct cp_ledger *ledger; /* read-only; NULL: there is none yet */
    struct cp_ledger_hold *holds;
    size_t hold_count, hold_capacity;
    bool hold_file;
    bool campaigns_read;
    const struct cp_campaign **campaigns; /* of the configuration, as far as they can be read */
    size_t campaign_count;
    int64_t now_us, wall_us; /* now_us: plan time, that of the rehearsal in its ledger */
};

/* False: the environment is in the way. True with config NULL: the configuration has faults. */
bool cp_session_open(const struct cp_arguments *arguments, struct cp_session *out,
                     struct cp_error *err);
void cp_session_close(struct cp_session *session);
/* For commands that need the configuration: says what is wrong; 0 when nothing is, else the exit code. */
int cp_session_begin(const struct cp_arguments *arguments, struct cp_session *out);
/* The hold that stops this delivery, or NULL; a HOLD file is one of everything. */
const struct cp_ledger_hold *cp_session_hold(const struct cp_session *session, const char *campaign,
                                             const char *post, const char *occurrence,
                                             const char *account);
/* Does the scope of the arguments cover it? Without one: yes. */
bool cp_session_covers(const struct cp_session *session, const struct cp_arguments *arguments,
                       const char *campaign, const char *post, const char *occurrence,
                       const char *account);
/* Opens a session and makes the preview of `arguments`, at the session's plan time or that of --clock; says
 * what is in the way. 0 or the exit code; close and release both in either case. */
int cp_session_look(const struct cp_arguments *arguments, struct cp_session *session,
                    struct cp_preview *out);
/* Zones of campaigns by id, as far as the schedules can be read: for times in reports. */
const struct cp_zone *cp_session_zone(struct cp_session *session, const char *campaign);

/* ---- state_view.c -------------------------------------------------------------------------- */

/* The word for a delivery of the ledger, those of its parts, and why it does not go. */
struct cp_state_view {
    const char *word;
    const char **parts;
    const char *reason; /* or NULL; borrowed from row and session */
};
/* From the session's arena; false: out of memory. */
bool cp_state_view_make(struct cp_session *session, const struct cp_ledger_row *row,
                        struct cp_state_view *out);
/* rejected, expired, uncertain: exit code 3. */
bool cp_state_needs_person(const char *word);
/* "campaign/post/occurrence/account" */
const char *cp_row_key(struct cp_arena *arena, const struct cp_ledger_row *row);

/* ---- cmd_log.c ----------------------------------------------------------------------------- */

/* An entry of the ledger as one line; whole: with the name of what it is about. From the arena. */
const char *cp_entry_line(struct cp_arena *arena, const char *kind, const json_t *data,
                          const char *notice, bool whole);

/* ---- json_diagnostics.c -------------------------------------------------------------------- */

json_t *cp_json_diagnostics(const struct cp_diagnostics *list);
/* {"format": 1, "diagnostics": […], "errors": n, "warnings": n} */
json_t *cp_json_check(const struct cp_diagnostics *list);

/* ---- plan_view.c, plan_print.c, plan_json.c -------------------------------------------------- */

/* The word for the state of a planned delivery: the ledger's, or what it would be. */
const char *cp_plan_state(const struct cp_session *session,
                          const struct cp_plan_delivery *delivery);
/* The zone of the account's organisation where it is another than the campaign's, or NULL. */
const struct cp_zone *cp_plan_account_zone(const struct cp_preview *preview,
                                           const struct cp_plan_delivery *delivery);
const struct cp_facts *cp_plan_facts(const struct cp_preview *preview,
                                     const struct cp_plan_delivery *delivery);
/* The post that a diagnostic is about, or NULL. */
const struct cp_post *cp_plan_post_of(const struct cp_preview *preview,
                                      const struct cp_diagnostic *diagnostic);
/* The true requests of one part as JSON; NULL with a reason. */
json_t *cp_plan_requests(const struct cp_session *session, const struct cp_preview *preview,
                         const struct cp_plan_delivery *delivery, size_t part,
                         struct cp_error *err);

void cp_plan_print(const struct cp_session *session, const struct cp_preview *preview,
                   const struct cp_arguments *arguments, FILE *out);
/* False, with a message, when memory ran out: what was printed by then is no whole JSON. */
bool cp_plan_print_json(const struct cp_session *session, const struct cp_preview *preview,
                        const struct cp_arguments *arguments);

/* ---- inquiry.c ----------------------------------------------------------------------------- */

/* Asks one server after the other, on a loop of its own. */
struct cp_inquiries {
    uv_loop_t loop;
    bool loop_open;
    struct cp_transport *transport;
    struct cp_arena *arena; /* of the answers; borrowed */
};
bool cp_inquiries_open(struct cp_inquiries *inquiries, struct cp_arena *arena,
                       struct cp_error *err);
void cp_inquiries_close(struct cp_inquiries *inquiries);

/* What the person types for a login, into a string to be wiped and freed; NULL: nothing came. */
typedef char *cp_ask_fn(const struct cp_ask *ask, void *ctx);

struct cp_inquiry {
    const struct cp_adapter *adapter;
    const struct cp_account *account;
    const struct cp_credential *credential; /* or NULL */
    enum cp_purpose purpose;                /* FACTS, WHO_AM_I or LOGIN */
    const char *account_id, *facts;         /* as far as they are known; or NULL */
    size_t taken_count;
    cp_ask_fn *ask; /* LOGIN */
    void *ctx;
};
/* The verdict's strings live in the arena. False: nothing could be asked; a server that does not answer
 * is a verdict with a reason. */
bool cp_inquire(struct cp_inquiries *inquiries, const struct cp_inquiry *inquiry,
                struct cp_verdict *out, struct cp_error *err);

#endif

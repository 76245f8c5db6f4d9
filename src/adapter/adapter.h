/* src/adapter/adapter.h - finds and checks adapters, runs their turns, keeps requests as JSON.
 *
 * A turn is a call: cp_adapter_turn() hands the adapter what it needs and keeps a copy of what it
 * answered. Nothing here talks to the network or the disk (but for loading the shared objects and reading
 * credentials).
 */
#ifndef CP_ADAPTER_ADAPTER_H
#define CP_ADAPTER_ADAPTER_H

#include <camp-post/adapter.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "model/model.h"

extern const struct cp_error_domain cp_adapter_errors;
enum cp_adapter_code {
    CP_ADAPTER_LOAD = 1,      /* a folder or a shared object that can't be taken */
    CP_ADAPTER_CANNOT,        /* the adapter has no such purpose */
    CP_ADAPTER_MISBEHAVES,    /* a walk found that it breaks the contract */
    CP_ADAPTER_REQUEST,       /* a stored request is not of the form written here */
    CP_ADAPTER_CREDENTIAL,    /* a credential that is refused */
    CP_ADAPTER_NO_CREDENTIAL, /* there is none of this name */
};

/* ---- loading ------------------------------------------------------------------------------- */

struct cp_adapters;

/* Loads every *.so of the folder (RTLD_NOW | RTLD_LOCAL), checks ABI, size, name, options, functions and facts;
 * one that does not fit is refused with a line in the log and is not there. directory NULL: $CAMP_POST_PLUGINS,
 * else ../plugins beside a program in a build tree, else the installed folder. Never unloads. */
struct cp_adapters *cp_adapters_load(const char *directory, struct cp_error *err);
/* Takes one that is linked in (tests). */
bool cp_adapters_add(struct cp_adapters *adapters, const struct cp_adapter *adapter,
                     struct cp_error *err);
void cp_adapters_free(struct cp_adapters *adapters);
const struct cp_adapter *cp_adapters_find(const struct cp_adapters *adapters, const char *name);
/* Names in order; ends in NULL. */
const char *const *cp_adapters_names(const struct cp_adapters *adapters);
/* The path it was loaded from, or NULL. */
const char *cp_adapters_path(const struct cp_adapters *adapters, const char *name);

/* ---- turns --------------------------------------------------------------------------------- */

enum cp_answer_kind {
    CP_ANSWER_NONE, /* the adapter returned without an answer, or answered wrongly: `problem` says how */
    CP_ANSWER_REQUEST,
    CP_ANSWER_VERDICT,
    CP_ANSWER_ASK,
};

/* A copy of what the adapter answered; everything in it belongs to its arena. */
struct cp_answer {
    enum cp_answer_kind kind;
    struct cp_request request;
    struct cp_verdict verdict;
    struct cp_ask ask;
    const char *checkpoint; /* NULL: unchanged */
    const char *problem;
    struct cp_arena *arena;
};

/* turn: filled but for size and host; publish_replied says that `reply` answers the publishing request.
 * Checks the answer: a POST turn may not finish ACCEPTED before that, nor ask for anything after it, only
 * POST may publish, the verdict fits the purpose, method and URL are there. An answer that breaks a rule is
 * CP_ANSWER_NONE with `problem`; when publish_replied is set, that proves nothing about the post.
 * False: the adapter has no such purpose, or memory ran out; *out is released. */
bool cp_adapter_turn(const struct cp_adapter *adapter, const struct cp_settings *settings,
                     struct cp_turn *turn, struct cp_answer *out, struct cp_error *err);
void cp_answer_release(struct cp_answer *answer);

/* Settings of an account as the adapter is handed them; values from the arena or the account. */
void cp_settings_of(const struct cp_account *account, struct cp_arena *arena,
                    struct cp_settings *out);
/* View of a content part, entities found by the facts' dialect; from the arena. */
void cp_part_view_of(const struct cp_content_part *part, const struct cp_facts *facts,
                     struct cp_arena *arena, struct cp_part_view *out);

/* ---- requests as JSON ----------------------------------------------------------------------- */

/* The frozen form: step, transport, method, url, headers, body segments; no secrets, no example:
 * {"step": "read|prepare|publish", "transport": "http|file", "method", "url", "headers": [{"name", "value",
 * "secret"?}], "body": [{"text"} | {"hex"} for bytes that are no text | {"media", "size"} | {"secret", "form"}]}. */
char *cp_request_to_json(const struct cp_request *request); /* free(); NULL: out of memory */
bool cp_request_from_json(const char *json, struct cp_arena *arena, struct cp_request *out,
                          struct cp_error *err);
/* For people and `--requests`: {"step","method","url","headers":{…},"body"}; secrets as ‹name›, media as
 * ‹media SHA256, SIZE bytes›, a JSON body as an object, other text as a string. */
json_t *cp_request_show(const struct cp_request *request);

/* All requests of publishing one part, walked with the example replies, as an array of cp_request_show() objects.
 * Of `turn` only what the part says is needed: part and its number, title, key, times, facts. The account's id is
 * ‹account› where it is not known, the parent's ‹post 1› where the part is a reply. NULL with a reason when
 * the adapter misbehaves. */
json_t *cp_adapter_requests(const struct cp_adapter *adapter, const struct cp_settings *settings,
                            const struct cp_turn *turn, struct cp_error *err);

/* ---- credentials ---------------------------------------------------------------------------- */

/* The members of DIRECTORY/NAME.json as secrets. The folder must be 0700 and the file 0600 or less, both owned by
 * us or root, no link is followed; else it is refused with the command that mends it. Below /run/credentials,
 * where systemd puts what LoadCredential= names, root's group may read: that is how an ACL for the service's
 * user shows in the mode. No such file is CP_ADAPTER_NO_CREDENTIAL. */
struct cp_credential;
struct cp_credential *cp_credential_read(const char *directory, const char *name,
                                         struct cp_error *err);
const struct cp_secret *cp_credential_member(const struct cp_credential *credential,
                                             const char *name);
void cp_credential_free(struct cp_credential *credential);
/* Writes NAME.json (0600, beside and renamed, synced); makes the folder (0700) when it is missing. `json` must be
 * an object of strings. */
bool cp_credential_write(const char *directory, const char *name, const char *json,
                         struct cp_error *err);

#endif

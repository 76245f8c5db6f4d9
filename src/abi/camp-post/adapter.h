/* camp-post/adapter.h - the contract between camp-post and one adapter.
 *
 * An adapter translates; the host talks to the network, the disk and the clock. A turn brings the
 * part to publish, the checkpoint kept since the last turn and the reply to the last request (NULL
 * on the first). The adapter answers exactly once, with cp_turn_request(), cp_turn_finish() or (for
 * login) cp_turn_ask(), before it returns. What it hands over is copied; what it is handed lives
 * until it returns. It keeps nothing between turns except in the checkpoint, so that a part
 * survives a crash between any two of them: no instance, no thread, no clock, no global state.
 *
 * Units: instants are microseconds since the epoch, UTC; spans are microseconds; sizes are bytes.
 * All text is UTF-8. Every pointer may be NULL where the comment says "or NULL", else it may not.
 *
 * Compile an adapter as a shared object (C17, -fPIC -shared) that exports the one constant
 * `camp_post_adapter`, and put it into the folder that `pkg-config --variable=plugindir camp-post`
 * names. This header includes nothing of camp-post's, of libcurl, of libuv or of SQLite.
 */
#ifndef CAMP_POST_ADAPTER_H
#define CAMP_POST_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CP_ADAPTER_ABI 1u /* raised when an existing member moves or changes meaning */

enum cp_purpose {
    CP_POST,     /* publish one part: any number of read and prepare steps, exactly one publish */
    CP_LOOK_UP,  /* did an earlier try get through, is it really there? reads, and prepare steps */
    CP_FACTS,    /* limits, guarantee and habits of this server; reads only */
    CP_WHO_AM_I, /* the account the credential belongs to; reads only */
    CP_LOGIN,    /* from nothing to a credential; may ask the person for a code */
    CP_PURPOSES
};

/* What a request does to the world; the host treats each kind differently. */
enum cp_step {
    CP_STEP_READ,    /* changes nothing */
    CP_STEP_PREPARE, /* invisible to the public and harmless when repeated: an upload, a page */
    CP_STEP_PUBLISH, /* exactly one per part: what it does can't be taken back */
};

enum cp_transport_kind {
    CP_HTTP,
    CP_FILE, /* local files: method "READ" or "REPLACE" (written beside, synced, renamed, folder synced) */
};

/* One header field, option or other named value. */
struct cp_field {
    const char *name, *value;
    const char *secret; /* or NULL: the member of the credential that the host puts behind value */
};

/* A body is a list of segments; each has bytes, or names a medium or a secret. */
struct cp_segment {
    const char *bytes;
    size_t size;
    const char
        *media; /* or NULL: lower-case hex SHA-256 of a medium of the part: its bytes go here */
    const char *secret; /* or NULL: the member of the credential that goes here */
    bool form;          /* the secret is percent-encoded for application/x-www-form-urlencoded */
};

struct cp_request {
    enum cp_step step;
    enum cp_transport_kind transport;
    const char *method;
    const char *
        url; /* HTTP: absolute, of the account's own server. FILE: a path inside the account's directory */
    const struct cp_field *headers;
    size_t header_count;
    const struct cp_segment
        *body; /* of a publish step: its last byte is one without which it is invalid */
    size_t body_count;
    /* What a well-meaning server would answer, so that a plan can show the requests that follow:
     * status and body; values that only the server knows are written ‹like this›. */
    int example_status;
    const char *example_body;
};

struct cp_reply {
    int status; /* HTTP status. FILE: 200 done or read, 404 no such file */
    const struct cp_field *headers;
    size_t header_count;
    const char *body; /* terminated; never NULL */
    size_t size;
    int64_t date_us; /* the server's own clock (Date), 0 when it did not say */
};

enum cp_verdict_kind {
    CP_VERDICT_ACCEPTED,       /* the platform has it (look-up: found); remote_id is set */
    CP_VERDICT_RETRY,          /* the platform surely does not have it; try again later */
    CP_VERDICT_REJECTED,       /* refused for good; the platform surely does not have it */
    CP_VERDICT_UNKNOWN,        /* an answer that proves neither */
    CP_VERDICT_REAUTHENTICATE, /* the credential is no longer good; the platform does not have it */
    CP_VERDICT_ABSENT,         /* look-up only: a complete, correct read did not find it */
    CP_VERDICT_DIFFERENT, /* look-up only: the place is taken by something else, or several fit */
    CP_VERDICT_MISCONFIGURED, /* surely not acted, and a person must change the configuration */
};

struct cp_verdict {
    enum cp_verdict_kind kind;
    int64_t
        not_before_us; /* RETRY: the earliest next try as the server said; 0 leaves it to the host */
    bool
        throttled; /* RETRY: the server limits us (429): the whole server waits, no attempt counts */
    const char *remote_id; /* ACCEPTED: the post's, or WHO_AM_I: the account's; else or NULL */
    const char *url;       /* where people see it, or NULL */
    const char *name;  /* WHO_AM_I: how people call the account (@camp@social.example), or NULL */
    const char *facts; /* FACTS: a JSON object as model/facts.h reads it; else NULL */
    const char *
        credential; /* LOGIN: a JSON object of strings, written to the credential's file; else NULL */
    const char
        *difference;    /* look-up ACCEPTED: what is there differs so from what was sent, or NULL */
    const char *reason; /* one line for the operator, free of secrets; or NULL */
};

/* LOGIN only: what the person has to do before the next turn, whose `answer` is what they typed. */
struct cp_ask {
    const char *text;   /* "Open this address, allow camp-post, and type the code that is shown" */
    const char *url;    /* or NULL */
    const char *prompt; /* "code" */
    bool secret;        /* what is typed is not shown */
};

/* A medium of a part, as it was copied on acceptance. */
struct cp_media_view {
    const char *sha256; /* lower-case hex */
    const char *type;   /* image/png */
    const char *name;   /* file name without folders, for the server's eyes */
    const char *alt;    /* in the part's language; may be "" */
    uint64_t size;
    unsigned width, height; /* 0 when not known */
};

enum cp_entity_kind { CP_ENTITY_LINK, CP_ENTITY_MENTION, CP_ENTITY_TAG };

struct cp_entity {
    enum cp_entity_kind kind;
    size_t start, end; /* byte offsets in text, end exclusive */
};

/* The content of one part: what the host counted, showed in the plan and froze. */
struct cp_part_view {
    const char *text, *language; /* language: BCP 47 */
    const char *warning;         /* or NULL */
    const char *
        visibility; /* "public", "unlisted", "private" or "direct"; or NULL: the account's default */
    const struct cp_entity *entities;
    size_t entity_count;
    const struct cp_media_view *media;
    size_t media_count;
};

/* An account's settings: the members of its configuration that the adapter's options name. */
struct cp_settings {
    const char *account; /* its id in the configuration */
    const struct cp_field *values;
    size_t count;
};

struct cp_host; /* the host's side of a turn; not for adapters */

struct cp_turn {
    uint32_t size; /* of this structure as the host knows it: it may grow at the end */
    enum cp_purpose purpose;
    const struct cp_part_view *part;  /* POST and LOOK_UP; else NULL */
    const struct cp_part_view *tried; /* LOOK_UP: every content this part was ever tried with */
    size_t tried_count;
    unsigned part_number, part_total; /* 1-based, of the thread */
    const char *title;                /* the campaign's; or NULL */
    /* POST and LOOK_UP: 26 characters, the same whenever the part is tried. WHO_AM_I and LOGIN: at least 43
     * random characters of A-Z a-z 0-9 - _, the same for all turns of one errand (to name a thing, or as a verifier of RFC 7636).
     * FACTS: NULL. */
    const char *wire_key;
    unsigned generation;
    int64_t due_us;     /* when it was to go out */
    int64_t attempt_us; /* LOOK_UP: when the first doubtful try began, by the wall clock; 0: none */
    int64_t now_us;     /* wall clock, for the reading of Retry-After and the like */
    int64_t skew_us;    /* server's clock minus ours, as far as its Date told */
    const char *remote_id; /* LOOK_UP of a part that is published: its id; else or NULL */
    const char *parent_id,
        *root_id; /* of a reply: what the parent's and first part's verdict named; or NULL */
    const char *account_id; /* from who_am_i; or NULL before it succeeded */
    const char *const
        *taken; /* LOOK_UP, WHO_AM_I: remote ids of this account that are bound to (other) parts */
    size_t taken_count;
    const char *facts;            /* JSON object, "{}" before the first contact */
    const char *checkpoint;       /* JSON object, "{}" at first */
    const struct cp_reply *reply; /* to the last request; NULL at first */
    const char *answer;           /* LOGIN: what the person typed; else NULL */
    const struct cp_host *host;
    bool
        publish_replied; /* POST: reply answers the publishing request; only a verdict may follow */
};

typedef void cp_turn_fn(const struct cp_settings *settings, struct cp_turn *turn);

/* The host's functions, reached through the three calls below. */
struct cp_host {
    void (*request)(struct cp_turn *turn, const struct cp_request *request, const char *checkpoint);
    void (*finish)(struct cp_turn *turn, const struct cp_verdict *verdict, const char *checkpoint);
    void (*ask)(struct cp_turn *turn, const struct cp_ask *ask, const char *checkpoint);
};

/* checkpoint: the JSON object to keep for the next turn, or NULL to keep the one that is there. */
static inline void cp_turn_request(struct cp_turn *turn, const struct cp_request *request,
                                   const char *checkpoint)
{
    turn->host->request(turn, request, checkpoint);
}

static inline void cp_turn_finish(struct cp_turn *turn, const struct cp_verdict *verdict,
                                  const char *checkpoint)
{
    turn->host->finish(turn, verdict, checkpoint);
}

static inline void cp_turn_ask(struct cp_turn *turn, const struct cp_ask *ask,
                               const char *checkpoint)
{
    turn->host->ask(turn, ask, checkpoint);
}

/* The setting called `name`, or `otherwise`. */
static inline const char *cp_setting(const struct cp_settings *settings, const char *name,
                                     const char *otherwise)
{
    for (size_t i = 0; i < settings->count; i++) {
        const char *a = settings->values[i].name, *b = name;

        while (*a && *a == *b)
            a++, b++;
        if (*a == *b)
            return settings->values[i].value;
    }
    return otherwise;
}

enum cp_option_type {
    CP_OPTION_TEXT,
    CP_OPTION_NUMBER, /* a whole number from minimum to maximum */
    CP_OPTION_BOOL,   /* handed over as "true" or "false" */
    CP_OPTION_SERVER, /* an origin: https://host[:port]; http:// for loopback only. Secrets go nowhere else */
    CP_OPTION_DIRECTORY, /* a folder, relative to the file that names it; handed over as an absolute path */
};

struct cp_option {
    const char *name;
    enum cp_option_type type;
    bool required;
    const char *otherwise; /* the default as text, or NULL */
    int64_t minimum, maximum;
    const char *help; /* one line */
    const char *const
        *words; /* TEXT: those that are allowed, the last one NULL; or NULL: any text */
};

/* How an adapter is made known. Nothing after `size` is read before `abi` and `size` are accepted. */
struct cp_adapter {
    uint32_t abi, size; /* read first, and first forever */
    const char *name;
    const struct cp_option *options; /* schema of the account's settings; a NULL name ends it */
    const char *facts;               /* JSON: what to assume before the first contact (cautious) */
    bool needs_credential;
    cp_turn_fn *turns[CP_PURPOSES]; /* NULL: it can't */
};

#define CP_ADAPTER_INIT .abi = CP_ADAPTER_ABI, .size = sizeof(struct cp_adapter)
#define CP_ADAPTER_EXPORT                                                                          \
    extern const struct cp_adapter camp_post_adapter;                                              \
    __attribute__((visibility("default"))) const struct cp_adapter camp_post_adapter

#endif

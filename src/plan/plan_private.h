/* src/plan/plan_private.h - what the files of this module share.
 *
 *     plan.c     begins and ends a plan: prepares the builder, orders the result
 *     guard.c    names and places: what must not be there twice, renamings, sources
 *     expand.c   posts to occurrences: names, instants, then one delivery for each account
 *     choose.c   which language an account gets, and the content in it
 *     measure.c  lengths, entities and media of a content against the facts of a server
 *     compare.c  a delivery against the snapshot: identity, lateness, change
 *     table.c    strings to pointers
 *
 * Cost: an account's facts are reduced to a class (those with the same limits); posts go through the
 * accounts class by class, so each content is rendered and measured once for each language and
 * class, and a delivery of it costs a look-up, a comparison and its keys.
 */
#ifndef CP_PLAN_PLAN_PRIVATE_H
#define CP_PLAN_PLAN_PRIVATE_H

#include "base/buffer.h"
#include "plan/plan.h"

/* ---- table.c ------------------------------------------------------------------------------- */

struct cp_table_entry;

/* Keys are copied. Starts as { .arena = … }, which must outlive it. */
struct cp_table {
    struct cp_arena *arena;
    struct cp_table_entry *entries;
    bool failed; /* memory ran out */
};
/* The first value of a key stays; false when it was there already, or when memory ran out. */
bool cp_table_put(struct cp_table *table, const void *key, size_t size, void *value);
void *cp_table_find(const struct cp_table *table, const void *key, size_t size);
void cp_table_release(struct cp_table *table);

/* ---- what is being built ------------------------------------------------------------------- */

/* A content as it goes to every account of one language and one class of facts. */
struct cp_rendering {
    struct cp_content content;
    const char *json;
    char hash[CP_HASH_HEX + 1];
    struct cp_plan_part *parts; /* without keys */
};

/* Renderings of one post for one class, by the translation that was chosen. */
struct cp_rendering_slot {
    uint64_t turn;                        /* of the builder, when it was filled; else it is empty */
    const struct cp_rendering *rendering; /* NULL: at fault */
};

struct cp_builder {
    const struct cp_plan_input *input;
    struct cp_plan *plan;
    struct cp_arena *scratch; /* lives until the plan is made */
    size_t capacity;          /* of the plan's deliveries */

    struct cp_table rows;     /* "campaign/post/occurrence/account" to the snapshot's delivery */
    struct cp_table ids;      /* 16 bytes to the same */
    struct cp_table once;     /* what has been said already */
    struct cp_table events;   /* "campaign/event" to its instant */
    struct cp_table accounts; /* the configuration's, by id */
    bool *claimed;            /* the snapshot's deliveries that the files still have */

    size_t *by_class;    /* accounts, ordered by their class */
    size_t *class_of;    /* by account */
    bool *limits_unsaid; /* by account: nothing was said of its limits yet */

    struct cp_rendering_slot *slots;
    size_t slot_capacity;
    uint64_t turn;

    size_t order; /* of the post, over all campaigns */
    size_t late;  /* deliveries that turned out to be late */
    bool failed;  /* memory ran out */
};

/* One occurrence of one post, on its way to every account. */
struct cp_occurrence {
    const char *name;
    int64_t due_us;
};

/* True the first time that these words are asked about. */
bool cp_plan_once(struct cp_builder *builder, const char *fmt, ...) CP_PRINTF(2, 3);

/* ---- the steps ----------------------------------------------------------------------------- */

/* guard.c */
void cp_plan_check_names(struct cp_builder *builder);
void cp_plan_check_sources(struct cp_builder *builder);

/* expand.c */
void cp_plan_expand(struct cp_builder *builder, const struct cp_campaign *campaign);
/* Room for one more; NULL when memory ran out. */
struct cp_plan_delivery *cp_plan_add(struct cp_builder *builder);
/* Is it among what --only claims? */
bool cp_plan_covers(const struct cp_builder *builder, const char *campaign, const char *post,
                    const char *occurrence, const char *account);

/* choose.c: the content of a post for an account. */
enum cp_rendered {
    CP_RENDERED,
    CP_SKIPPED,  /* no text in its languages, and the post says that this is meant */
    CP_AT_FAULT, /* the diagnostics have it */
};
enum cp_rendered cp_plan_render(struct cp_builder *builder, const struct cp_campaign *campaign,
                                const struct cp_post *post, size_t account,
                                const struct cp_rendering **out);

/* measure.c: false when the server would surely refuse it; the diagnostics say why. */
void cp_plan_sort_accounts(struct cp_builder *builder);
bool cp_plan_measure(struct cp_builder *builder, const struct cp_post *post, size_t account,
                     struct cp_rendering *rendering);

/* compare.c */
bool cp_plan_index_snapshot(struct cp_builder *builder);
/* The snapshot's delivery is one of the files', whatever comes of it. */
const struct cp_snapshot_delivery *cp_plan_claim(struct cp_builder *builder,
                                                 struct cp_plan_delivery *delivery);
/* Sets id, keys, late, change; what a release or a person has set wins over the files. */
void cp_plan_compare(struct cp_builder *builder, struct cp_plan_delivery *delivery);
/* What the snapshot has and the files have not. */
void cp_plan_cancel_rest(struct cp_builder *builder);

#endif

/* src/schedule/read_private.h - between the files that read one campaign. */
#ifndef CP_SCHEDULE_READ_PRIVATE_H
#define CP_SCHEDULE_READ_PRIVATE_H

#include "schedule/names_private.h"
#include "schedule/reader_private.h"
#include "schedule/schedule.h"

/* `reader` is first: a read_fn gets it and knows that it is part of this. */
struct campaign_reader {
    struct reader reader;
    const struct cp_schedule_context *context;
    struct cp_campaign *campaign;
    struct names organisations, events, posts, post_was; /* values: their structures */
    struct names media; /* by path: struct cp_medium, or an entry without a value for a bad file */
    size_t post_capacity;
    const struct yaml_document *documents;
    size_t document_count;
};

/* What a file of a campaign has at its top; each may be NULL. */
struct sections {
    const struct yaml_node *campaign, *organisations, *events, *posts;
};

bool read_sections(struct reader *reader, const struct yaml_node *root, struct sections *out);
void read_campaign_block(struct campaign_reader *cr, const struct yaml_node *node);
void read_organisations(struct campaign_reader *cr, const struct yaml_node *node);
void read_events(struct campaign_reader *cr, const struct yaml_node *node);
void read_posts(struct campaign_reader *cr, const struct yaml_node *node);
/* After all posts of all files: what their `was` says of each other. */
void check_renamed_posts(struct campaign_reader *cr);

/* Enters an id; false, with a complaint that names both places, when it is taken. */
bool claim_id(struct campaign_reader *cr, struct names *names, const struct yaml_node *at,
              const char *what, const char *id, const void *value);
/* The ids of a set, for suggestions: at most 1000. */
size_t list_names(const struct cp_campaign *campaign, bool events, const char *out[1000]);

read_fn read_selectors; /* struct cp_post: its `to` */
read_fn read_media;     /* struct cp_message: its `media` */

#endif

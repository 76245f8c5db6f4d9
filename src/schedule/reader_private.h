/* src/schedule/reader_private.h - from trees to structures, by tables.
 *
 * Each mapping has a schema: which keys it may have, who reads the value of each, and where the
 * result goes. What the table does not name is an error with a suggestion; what is planned for a later
 * version is refused in so many words. A reading function complains and returns; whoever called it
 * goes on with the next key. Whether all went well is told by the faults in the list.
 */
#ifndef CP_SCHEDULE_READER_PRIVATE_H
#define CP_SCHEDULE_READER_PRIVATE_H

#include "base/arena.h"
#include "base/diagnostics.h"
#include "model/campaign.h"
#include "schedule/yaml_private.h"
#include "time/time.h"

struct reader {
    struct cp_arena *arena; /* gets the results */
    struct cp_diagnostics *diagnostics;
    struct cp_zones *zones;               /* NULL where no zone is read */
    const struct yaml_document *document; /* that the nodes belong to */
    char path[400];                       /* of the key that is read: "posts[3].text.es" */
    size_t path_size;
    /* Of a campaign; what texts are checked against. */
    const char **languages;
    size_t language_count;
    const char *language; /* of a text that is given as one string; NULL: none is known */
};

typedef void read_fn(struct reader *reader, const struct yaml_node *node, void *out);
/* A pair whose key the table does not name. */
typedef void read_other_fn(struct reader *reader, const struct yaml_node *key,
                           const struct yaml_node *value, void *out);

enum need { OPTIONAL, REQUIRED, LATER };

struct field {
    const char *key;
    read_fn *read;
    size_t offset; /* `out` of read is so many bytes into `out` of the mapping */
    enum need need;
};

struct schema {
    const char *what; /* "a post": for messages */
    const struct field *fields;
    size_t count;
    read_other_fn *other; /* NULL: an unknown key is an error */
};

#define SCHEMA(words, table)                                                                       \
    {                                                                                              \
        .what = words, .fields = table, .count = CP_COUNT(table)                                   \
    }

/* False when the node is no mapping, or lacks a key that it needs. */
bool read_mapping(struct reader *reader, const struct yaml_node *node, const struct schema *schema,
                  void *out);
/* Calls `each` with every entry of a list; a single value counts as a list of one when `single`. */
void read_list(struct reader *reader, const struct yaml_node *node, const char *what, bool single,
               read_fn *each, void *out);
void complain_unknown_key(struct reader *reader, const struct yaml_node *key,
                          const struct schema *schema, const char *const *more, size_t more_count);

/* ---- complaints ---------------------------------------------------------------------------- */

struct cp_place place_of(const struct reader *reader, const struct yaml_node *node);
/* Always false. hint may be NULL. */
bool complain(struct reader *reader, const struct yaml_node *node, const char *code,
              const char *hint, const char *fmt, ...) CP_PRINTF(5, 6);
void remark(struct reader *reader, const struct yaml_node *node, enum cp_severity severity,
            const char *code, const char *hint, const char *fmt, ...) CP_PRINTF(6, 7);
/* "expected …, found …"; always false. */
bool complain_type(struct reader *reader, const struct yaml_node *node, const char *expected);
/* "unknown … 'x'" with the nearest of the candidates, or all of them when there are few. */
bool complain_unknown(struct reader *reader, const struct yaml_node *node, const char *code,
                      const char *what, const char *const *candidates, size_t count);
/* Further complaints are only counted: no need to think about them. */
bool list_is_full(const struct reader *reader);
/* "did you mean 'x'?" in `out` of `size` bytes; "" when nothing is near. */
const char *suggest(const char *name, const char *const *candidates, size_t count, char *out,
                    size_t size);
/* "first on line 3" or "first in b.yaml:3:5", for the second of two things. */
const char *tell_first(const struct reader *reader, struct cp_place first, char out[200]);
/* The text of a scalar for a message: cut, and whole characters. */
enum { EXCERPT_SIZE = 64 };
const char *excerpt(const char *text, char out[EXCERPT_SIZE]);

/* Key paths: enter returns what leave takes back. */
size_t enter_key(struct reader *reader, const char *key);
size_t enter_index(struct reader *reader, size_t index);
void leave(struct reader *reader, size_t size);

/* ---- values; `out` is what the comment says -------------------------------------------------- */

bool is_text(const struct yaml_node *node);
read_fn read_node;   /* const struct yaml_node *: for what needs its neighbours first */
read_fn read_string; /* const char *: text that is not empty */
read_fn read_id;     /* const char * */
read_fn read_url;    /* const char *: http or https */
read_fn read_zone;   /* const char * */
read_fn read_bool;   /* bool */
read_fn read_texts;  /* struct cp_texts */
read_fn read_moment; /* struct cp_moment */
read_fn read_wait;   /* int64_t: microseconds, more than 0 */
bool read_language(struct reader *reader, const struct yaml_node *node, const char **out);
/* A span that is not below 0; false after a complaint. Milliseconds ("200ms") are allowed where asked. */
bool read_length(struct reader *reader, const struct yaml_node *node, bool milliseconds,
                 int64_t *out_us);

/* One of a few words; -1 after a complaint. */
struct word {
    const char *text;
    int value;
};
int read_word(struct reader *reader, const struct yaml_node *node, const struct word *words,
              size_t count, int otherwise);

/* A list of strings. */
struct strings {
    const char **items;
    size_t count, capacity;
};
bool add_string(struct reader *reader, struct strings *strings, const char *text);
read_fn read_tags;      /* struct strings: ids, one or a list */
read_fn read_languages; /* struct strings: language tags, one or a list, each once */

#endif

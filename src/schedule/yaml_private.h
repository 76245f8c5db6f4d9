/* src/schedule/yaml_private.h - one YAML or JSON file as a tree whose nodes know their places.
 *
 * The subset of YAML 1.2 that is read: exactly one document; keys are words, each once in its
 * mapping; no tags, no merge keys; aliases are expanded within a budget. libyaml tells tokens apart;
 * everything it does not check is checked here. Plain scalars are typed by the core schema (YAML
 * 1.2.2, section 10.3.2): `no` is a word, `017` the number 17.
 *
 * Places are offsets in characters, as libyaml counts them; yaml_place() makes lines and columns of
 * them. Strings of scalars are terminated, free of NUL, and live in the reading's arena; nodes live as
 * long as the document.
 */
#ifndef CP_SCHEDULE_YAML_PRIVATE_H
#define CP_SCHEDULE_YAML_PRIVATE_H

#include "base/arena.h"
#include "base/diagnostics.h"

enum { YAML_EXPANSION_MOST = 1000000 /* nodes that aliases may add */ };

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAPPING };

struct yaml_node {
    union {
        const char *text;              /* scalar */
        const struct yaml_node *items; /* list; mapping: key, value, key, value … */
    };
    uint32_t count;      /* scalar: bytes; list: items; mapping: pairs */
    uint32_t start, end; /* characters of the text; end is exclusive */
    uint32_t weight;     /* nodes in it, itself included, aliases expanded */
    uint8_t kind;        /* enum yaml_kind */
    uint8_t height;      /* levels below it */
    bool plain;          /* scalar without quotes and bars: the core schema types it */
    bool flow;           /* list or mapping in brackets */
};

struct yaml_line {
    uint32_t byte, character; /* where it starts */
};

struct yaml_document {
    const char *name; /* as the user writes it; in every place */
    char *text;       /* as in the file, without a byte order mark */
    size_t size;
    size_t mark; /* bytes of the byte order mark that were dropped: 0 or 3 */
    struct yaml_line *lines;
    size_t line_count;
    uint32_t *pairs; /* JSON: ends of escapes that were shortened by two characters for libyaml */
    size_t pair_count;
    struct yaml_node root;
    struct cp_arena *nodes;
    bool hide_secrets; /* messages show no line of it in which a word for a secret stands */
    bool hide_all;     /* messages show no line of it at all */
};

struct yaml_input {
    struct cp_arena *arena; /* gets the strings */
    struct cp_diagnostics *diagnostics;
    bool private_words; /* a configuration: lines that look like a secret are never shown */
};

/* Both: false when there is no tree, with one complaint. What a tree can be read without (a key that is
 * there twice, a tag) is a fault too, but the tree is there. yaml_release() either way.
 * `name` must live as long as the places do. */
bool yaml_load(struct yaml_document *document, const char *path, size_t most,
               const struct yaml_input *input);
bool yaml_load_text(struct yaml_document *document, const char *name, const char *text, size_t size,
                    const struct yaml_input *input);
void yaml_release(struct yaml_document *document);

struct cp_place yaml_place(const struct yaml_document *document, uint32_t character);
/* The byte of the text at which a character starts. */
size_t yaml_byte(const struct yaml_document *document, uint32_t character);
/* Gives the newest diagnostic the line that it points to. `before` is the list's count before it:
 * a full list drops entries. */
void yaml_show_line(const struct yaml_document *document, struct cp_diagnostics *list,
                    size_t before);

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INTEGER, YAML_FLOAT, YAML_STRING };
enum yaml_type yaml_type(const struct yaml_node *scalar);
bool yaml_is_true(const struct yaml_node *scalar);
/* False when it is no whole number, or does not fit. */
bool yaml_integer(const struct yaml_node *scalar, int64_t *out);
/* The value of a key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
bool yaml_same(const struct yaml_node *a, const struct yaml_node *b);

/* Is this a word for a secret ("token", "password")? */
bool yaml_secret_word(const char *key);

/* ---- between yaml_*.c ---- */

struct yaml_parser_s;
/* Says in our words what libyaml has against the text. */
void yaml_report(const struct yaml_document *document, const struct yaml_parser_s *parser,
                 const struct yaml_input *input);
/* Builds document->root from what libyaml is to read (document->text, or it with replaced escapes). */
bool yaml_build(struct yaml_document *document, const char *text, size_t size,
                const struct yaml_input *input);
/* A complaint about the text itself. Always false. */
bool yaml_complain(const struct yaml_document *document, const struct yaml_input *input,
                   uint32_t character, const char *code, const char *hint, const char *fmt, ...)
    CP_PRINTF(6, 7);

#endif

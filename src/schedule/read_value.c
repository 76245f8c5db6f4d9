/* src/schedule/read_value.c - single values: words, ids, addresses, texts in languages. */
#include "schedule/reader_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text/text.h"

bool is_text(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && yaml_type(node) == YAML_STRING;
}

void read_node(struct reader *reader, const struct yaml_node *node, void *out)
{
    (void)reader;
    *(const struct yaml_node **)out = node;
}

static bool is_blank(const char *text)
{
    return !text[strspn(text, " \t\r\n")];
}

void read_string(struct reader *reader, const struct yaml_node *node, void *out)
{
    if (!is_text(node))
        complain_type(reader, node, "text");
    else if (is_blank(node->text))
        complain(reader, node, "empty", "leave the key out when there is nothing to say",
                 "this text is empty");
    else
        *(const char **)out = node->text;
}

void read_id(struct reader *reader, const struct yaml_node *node, void *out)
{
    char cut[EXCERPT_SIZE];

    if (node->kind != YAML_SCALAR || yaml_type(node) == YAML_NULL)
        complain_type(reader, node, "an id");
    else if (!cp_id_valid(node->text))
        complain(reader, node, "id", "use a-z, 0-9 and '-', at most 64, not '-' first",
                 "'%s' is not an id", excerpt(node->text, cut));
    else
        *(const char **)out = node->text;
}

void read_url(struct reader *reader, const struct yaml_node *node, void *out)
{
    char cut[EXCERPT_SIZE];
    const char *text = node->text;

    if (!is_text(node)) {
        complain_type(reader, node, "text with an address");
        return;
    }
    if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
        complain(reader, node, "url", NULL, "'%s' is not an address with https:// in front",
                 excerpt(text, cut));
    else if (strpbrk(text, " \t\r\n\"<>"))
        complain(reader, node, "url", NULL, "the address '%s' has blanks or quotes in it",
                 excerpt(text, cut));
    else
        *(const char **)out = text;
}

void read_bool(struct reader *reader, const struct yaml_node *node, void *out)
{
    if (node->kind != YAML_SCALAR || yaml_type(node) != YAML_BOOL)
        complain_type(reader, node, "true or false");
    else
        *(bool *)out = yaml_is_true(node);
}

int read_word(struct reader *reader, const struct yaml_node *node, const struct word *words,
              size_t count, int otherwise)
{
    const char *names[16];

    for (size_t i = 0; i < count; i++) {
        names[i] = words[i].text;
        if (node->kind == YAML_SCALAR && strcmp(node->text, words[i].text) == 0)
            return words[i].value;
    }
    if (is_text(node))
        complain_unknown(reader, node, "word", "word", names, count);
    else
        complain_type(reader, node, "a word");
    return otherwise;
}

/* ---- lists of words ------------------------------------------------------------------------ */

bool add_string(struct reader *reader, struct strings *strings, const char *text)
{
    const char **grown = cp_arena_grow(reader->arena, strings->items, strings->count,
                                       &strings->capacity, strings->count + 1, sizeof(*grown));

    if (!grown)
        return false;
    strings->items = grown;
    strings->items[strings->count++] = text;
    return true;
}

static void read_tag(struct reader *reader, const struct yaml_node *node, void *out)
{
    const char *id = NULL;

    read_id(reader, node, &id);
    if (id)
        add_string(reader, out, id);
}

void read_tags(struct reader *reader, const struct yaml_node *node, void *out)
{
    read_list(reader, node, "a word or a list of words", true, read_tag, out);
}

bool read_language(struct reader *reader, const struct yaml_node *node, const char **out)
{
    char cut[EXCERPT_SIZE];

    if (!is_text(node))
        return complain_type(reader, node, "text with a language tag");
    if (!cp_text_is_language_tag(node->text))
        return complain(reader, node, "language", "as in en, pt-BR or zh-Hant",
                        "'%s' is not a language tag", excerpt(node->text, cut));
    *out = node->text;
    return true;
}

static void read_one_language(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct strings *languages = out;
    const char *language = NULL;

    if (!read_language(reader, node, &language))
        return;
    for (size_t i = 0; i < languages->count; i++) {
        if (strcasecmp(languages->items[i], language) == 0) {
            complain(reader, node, "duplicate-language", NULL, "the language '%s' is here twice",
                     language);
            return;
        }
    }
    if (languages->count == 256)
        complain(reader, node, "language", NULL, "these are more than 256 languages");
    else
        add_string(reader, languages, language);
}

void read_languages(struct reader *reader, const struct yaml_node *node, void *out)
{
    if (node->kind == YAML_LIST && !node->count)
        complain(reader, node, "empty", NULL, "at least one language is needed");
    else
        read_list(reader, node, "a list of languages", true, read_one_language, out);
}

/* ---- texts --------------------------------------------------------------------------------- */

static bool known_language(struct reader *reader, const struct yaml_node *key)
{
    if (!cp_text_is_language_tag(key->text))
        return complain_unknown(reader, key, "unknown-language", "language", reader->languages,
                                reader->language_count);
    for (size_t i = 0; i < reader->language_count; i++) {
        if (strcmp(reader->languages[i], key->text) == 0)
            return true;
    }
    if (!reader->language_count) /* the campaign's languages have a fault of their own */
        return true;
    return complain_unknown(reader, key, "unknown-language", "language", reader->languages,
                            reader->language_count);
}

/* Blank ends are an accident of notation (the line end of a '|' block): they are not sent. */
static const char *trimmed(struct reader *reader, const struct yaml_node *node)
{
    const char *start = node->text + strspn(node->text, " \t\r\n");
    size_t size = strlen(start);

    if (!size || (start == node->text && !strchr(" \t\r\n", start[size - 1])))
        return start;
    while (strchr(" \t\r\n", start[size - 1]))
        size--;
    return cp_arena_copy(reader->arena, start, size);
}

static void read_translation(struct reader *reader, const struct yaml_node *node,
                             const char *language, struct cp_translation *out)
{
    const char *text = NULL;

    read_string(reader, node, &text);
    if (text)
        *out = (struct cp_translation){ language, trimmed(reader, node), place_of(reader, node) };
}

static void read_translations(struct reader *reader, const struct yaml_node *node,
                              struct cp_texts *texts)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = &node->items[2 * i];
        size_t before = enter_key(reader, key->text);

        if (known_language(reader, key))
            read_translation(reader, key + 1, key->text, &texts->items[texts->count]);
        texts->count += texts->items[texts->count].text != NULL;
        leave(reader, before);
    }
}

void read_texts(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_texts *texts = out;
    bool mapping = node->kind == YAML_MAPPING;

    if (!mapping && !is_text(node)) {
        complain_type(reader, node, "text, or a mapping of languages to texts");
        return;
    }
    if (mapping && !node->count) {
        complain(reader, node, "empty", NULL, "a text in at least one language is needed");
        return;
    }
    texts->items = cp_arena_array(reader->arena, mapping ? node->count : 1, sizeof(*texts->items));
    if (!texts->items)
        return;
    if (mapping) {
        read_translations(reader, node, texts);
        return;
    }
    read_translation(reader, node, reader->language, texts->items);
    texts->count = texts->items[0].text != NULL;
}

/* src/text/names.c - ids, and the shape of language tags. */
#include "text/text.h"

#include <string.h>
#include <strings.h>

bool cp_id_valid(const char *name)
{
    size_t size = strlen(name);

    return size > 0 && size <= CP_ID_MOST && *name != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

/* One subtag after another; `size` is 0 behind the last one. */
struct subtags {
    const char *at;
    size_t size;
};

static void step(struct subtags *tag)
{
    tag->at += tag->size;
    tag->at += *tag->at == '-';
    tag->size = strcspn(tag->at, "-");
}

static bool is_letters(const struct subtags *tag, size_t least, size_t most)
{
    for (size_t i = 0; i < tag->size; i++) {
        if ((tag->at[i] | 32) < 'a' || (tag->at[i] | 32) > 'z')
            return false;
    }
    return tag->size >= least && tag->size <= most;
}

static bool is_digits(const struct subtags *tag, size_t size)
{
    return tag->size == size && strspn(tag->at, "0123456789") >= size;
}

static bool all_well_formed(const char *tag)
{
    size_t run = 0;

    for (; *tag; tag++) {
        bool letter = (*tag | 32) >= 'a' && (*tag | 32) <= 'z';

        if (*tag == '-' ? run == 0 : (!letter && (*tag < '0' || *tag > '9')))
            return false;
        run = *tag == '-' ? 0 : run + 1;
        if (run > 8)
            return false;
    }
    return run > 0;
}

/* RFC 5646's "irregular" tags, which follow no rule and stay valid. */
static bool is_irregular(const char *tag)
{
    static const char *const tags[] = {
        "en-GB-oed", "i-ami", "i-bnn",     "i-default", "i-enochian", "i-hak",
        "i-klingon", "i-lux", "i-mingo",   "i-navajo",  "i-pwn",      "i-tao",
        "i-tay",     "i-tsu", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE",
    };

    for (size_t i = 0; i < CP_COUNT(tags); i++) {
        if (strcasecmp(tag, tags[i]) == 0)
            return true;
    }
    return false;
}

static bool is_variant(const struct subtags *tag)
{
    return tag->size >= 5 || (tag->size == 4 && *tag->at >= '0' && *tag->at <= '9');
}

/* "-u-co-phonebk": a letter or digit, then subtags of two to eight */
static bool take_extensions(struct subtags *tag)
{
    while (tag->size == 1 && (*tag->at | 32) != 'x') {
        step(tag);
        if (tag->size < 2)
            return false;
        while (tag->size >= 2)
            step(tag);
    }
    return true;
}

static bool take_private_use(struct subtags *tag)
{
    if (tag->size != 1 || (*tag->at | 32) != 'x')
        return tag->size == 0;
    step(tag);
    return tag->size > 0;
}

bool cp_text_is_language_tag(const char *tag)
{
    struct subtags part = { tag, strcspn(tag, "-") };

    if (!all_well_formed(tag))
        return false;
    if (is_irregular(tag))
        return true;
    if (part.size == 1)
        return take_private_use(&part);
    if (!is_letters(&part, 2, 8))
        return false;
    if (part.size <= 3) {
        step(&part);
        for (int i = 0; i < 3 && is_letters(&part, 3, 3); i++)
            step(&part);
    } else {
        step(&part);
    }
    if (is_letters(&part, 4, 4))
        step(&part);
    if (is_letters(&part, 2, 2) || is_digits(&part, 3))
        step(&part);
    while (is_variant(&part))
        step(&part);
    return take_extensions(&part) && take_private_use(&part);
}

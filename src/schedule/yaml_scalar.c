/* src/schedule/yaml_scalar.c - what a plain scalar is: the core schema, YAML 1.2.2 section 10.3.2. */
#include "schedule/yaml_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static const char *digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

static bool is_integer(const char *text)
{
    size_t size;

    if (text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
        size = strspn(text + 2, text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF");
        return size && !text[2 + size];
    }
    if (*text == '-' || *text == '+')
        text++;
    return *text && !*digits(text);
}

static bool is_float(const char *text)
{
    static const char *const words[] = { ".nan", ".NaN", ".NAN" };
    static const char *const infinite[] = { ".inf", ".Inf", ".INF" };
    const char *start, *end;
    size_t count;

    if (is_one_of(text, words, CP_COUNT(words)))
        return true;
    if (*text == '-' || *text == '+')
        text++;
    if (is_one_of(text, infinite, CP_COUNT(infinite)))
        return true;
    start = text;
    end = digits(text);
    count = (size_t)(end - start);
    if (*end == '.') {
        start = end + 1;
        end = digits(start);
        count += (size_t)(end - start);
    }
    if (!count)
        return false;
    if (*end == 'e' || *end == 'E') {
        start = end + 1 + (end[1] == '-' || end[1] == '+');
        end = digits(start);
        if (end == start)
            return false;
    }
    return !*end;
}

enum yaml_type yaml_type(const struct yaml_node *scalar)
{
    static const char *const nothing[] = { "", "~", "null", "Null", "NULL" };
    static const char *const truth[] = { "true", "True", "TRUE", "false", "False", "FALSE" };

    if (!scalar->plain)
        return YAML_STRING;
    if (is_one_of(scalar->text, nothing, CP_COUNT(nothing)))
        return YAML_NULL;
    if (is_one_of(scalar->text, truth, CP_COUNT(truth)))
        return YAML_BOOL;
    if (is_integer(scalar->text))
        return YAML_INTEGER;
    return is_float(scalar->text) ? YAML_FLOAT : YAML_STRING;
}

bool yaml_is_true(const struct yaml_node *scalar)
{
    return yaml_type(scalar) == YAML_BOOL && (scalar->text[0] == 't' || scalar->text[0] == 'T');
}

bool yaml_integer(const struct yaml_node *scalar, int64_t *out)
{
    const char *text = scalar->text;
    int base = 10;
    long long value;

    if (yaml_type(scalar) != YAML_INTEGER)
        return false;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'o')) {
        base = text[1] == 'x' ? 16 : 8;
        text += 2;
    }
    errno = 0;
    value = strtoll(text, NULL, base);
    if (errno)
        return false;
    *out = value;
    return true;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (mapping->kind != YAML_MAPPING)
        return NULL;
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->items[2 * i].text, key) == 0)
            return &mapping->items[2 * i + 1];
    }
    return NULL;
}

bool yaml_same(const struct yaml_node *a, const struct yaml_node *b)
{
    size_t items = a->kind == YAML_MAPPING ? 2 * (size_t)a->count : a->count;

    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == YAML_SCALAR)
        return strcmp(a->text, b->text) == 0 && yaml_type(a) == yaml_type(b);
    for (size_t i = 0; i < items; i++) {
        if (!yaml_same(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

bool yaml_secret_word(const char *key)
{
    static const char *const words[] = {
        "token",         "access_token", "refresh_token", "bearer",       "api_key",
        "apikey",        "password",     "passwd",        "passphrase",   "secret",
        "client_secret", "private_key",  "nsec",          "app_password", "bot_token",
        "access-token",  "app-password", "client-secret",
    };

    return is_one_of(key, words, CP_COUNT(words));
}

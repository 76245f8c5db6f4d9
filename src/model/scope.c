/* src/model/scope.c - see scope.h. */
#include "model/scope.h"

#include <stdio.h>
#include <string.h>

#include "model/error.h"
#include "text/text.h"

/* In front of the one word of a scope that is not a path. */
static const char *const prefixes[] = {
    [CP_SCOPE_CAMPAIGN] = "campaign",
    [CP_SCOPE_ORGANISATION] = "organisation",
    [CP_SCOPE_ACCOUNT] = "account",
};

static bool occurrence_valid(const char *word)
{
    if (!*word)
        return false;
    for (; *word; word++) {
        bool letter = (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z');

        if (!letter && !(*word >= '0' && *word <= '9') && *word != '-' && *word != ':')
            return false;
    }
    return true;
}

/* Whether the words fit a reading that starts with the campaign (or else with the post). */
static bool reads_as(const struct cp_scope *scope, bool with_campaign)
{
    unsigned occurrence = with_campaign ? 2 : 1;

    if (scope->count < occurrence || scope->count > occurrence + 2)
        return false;
    for (unsigned i = 0; i < scope->count; i++) {
        if (i == occurrence ? !occurrence_valid(scope->words[i]) : !cp_id_valid(scope->words[i]))
            return false;
    }
    return true;
}

static bool refuse(const char *text, struct cp_error *err)
{
    return cp_error_set(err, &cp_model_errors, CP_MODEL_SCOPE,
                        "'%.100s' is no scope: write all, campaign:ID, organisation:ID, "
                        "account:ID or [CAMPAIGN/]POST[/OCCURRENCE[/ACCOUNT]]",
                        text);
}

static bool take_word(struct cp_scope *scope, const char *word, size_t size)
{
    if (scope->count == CP_SCOPE_WORDS || size >= sizeof(scope->words[0]))
        return false;
    memcpy(scope->words[scope->count], word, size);
    scope->words[scope->count++][size] = '\0';
    return true;
}

static bool parse_prefixed(const char *text, const char *colon, struct cp_scope *scope)
{
    size_t size = (size_t)(colon - text);

    for (int kind = CP_SCOPE_CAMPAIGN; kind <= CP_SCOPE_ACCOUNT; kind++) {
        if (strlen(prefixes[kind]) == size && memcmp(prefixes[kind], text, size) == 0) {
            scope->kind = (enum cp_scope_kind)kind;
            return take_word(scope, colon + 1, strlen(colon + 1)) && cp_id_valid(scope->words[0]);
        }
    }
    return false;
}

static bool parse_path(const char *text, struct cp_scope *scope)
{
    scope->kind = CP_SCOPE_PATH;
    for (;;) {
        size_t size = strcspn(text, "/");

        if (!take_word(scope, text, size))
            return false;
        if (!text[size])
            return reads_as(scope, true) || reads_as(scope, false);
        text += size + 1;
    }
}

bool cp_scope_parse(const char *text, struct cp_scope *out, struct cp_error *err)
{
    struct cp_scope scope = { .kind = CP_SCOPE_ALL };
    size_t first = strcspn(text, ":/");
    bool fine = true;

    if (text[first] == ':')
        fine = parse_prefixed(text, text + first, &scope);
    else if (strcmp(text, "all") != 0)
        fine = parse_path(text, &scope);
    if (!fine)
        return refuse(text, err);
    *out = scope;
    return true;
}

void cp_scope_format(const struct cp_scope *scope, char out[CP_SCOPE_SIZE])
{
    size_t used = 0;

    if (scope->kind == CP_SCOPE_ALL) {
        snprintf(out, CP_SCOPE_SIZE, "all");
        return;
    }
    if (scope->kind != CP_SCOPE_PATH) {
        snprintf(out, CP_SCOPE_SIZE, "%s:%s", prefixes[scope->kind], scope->words[0]);
        return;
    }
    for (unsigned i = 0; i < scope->count; i++)
        used += (size_t)snprintf(out + used, CP_SCOPE_SIZE - used, "%s%s", i ? "/" : "",
                                 scope->words[i]);
}

bool cp_scope_equal(const struct cp_scope *a, const struct cp_scope *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++) {
        if (strcmp(a->words[i], b->words[i]) != 0)
            return false;
    }
    return true;
}

static bool same(const char *word, const char *asked)
{
    return asked && strcmp(word, asked) == 0;
}

static bool path_covers(const struct cp_scope *scope, const struct cp_scope_subject *subject,
                        bool with_campaign)
{
    const char *const asked[] = { subject->campaign, subject->post, subject->occurrence,
                                  subject->account };
    unsigned skipped = with_campaign ? 0 : 1;

    if (!reads_as(scope, with_campaign))
        return false;
    for (unsigned i = 0; i < scope->count; i++) {
        if (!same(scope->words[i], asked[i + skipped]))
            return false;
    }
    return true;
}

bool cp_scope_covers(const struct cp_scope *scope, const struct cp_scope_subject *subject)
{
    switch (scope->kind) {
    case CP_SCOPE_ALL:
        return true;
    case CP_SCOPE_CAMPAIGN:
        return same(scope->words[0], subject->campaign);
    case CP_SCOPE_ORGANISATION:
        return same(scope->words[0], subject->organisation);
    case CP_SCOPE_ACCOUNT:
        return same(scope->words[0], subject->account);
    case CP_SCOPE_PATH:
        return path_covers(scope, subject, true) || path_covers(scope, subject, false);
    }
    return false;
}

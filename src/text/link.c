/* src/text/link.c - what Mastodon takes for a link, and counts as one.
 *
 * Sources: twitter-text's lib/twitter-text/regex.rb and extractor.rb, as changed by Mastodon's
 * config/initializers/twitter_regex.rb. The rules, in the order in which they bind:
 *
 * - A link begins at the start of a line or after a character that is no ASCII letter or digit and
 *   none of @ $ # and their wide forms.
 * - It has one of a few schemes. Without one it is no link for Mastodon; it is searched for all the
 *   same, since a link inside of such a one ("example.org/http://a.example") is not found either.
 * - The host is as many labels as fit, the last one a known top-level domain. So of "a.com.b" the
 *   link is "a.com", and an unknown one or "localhost" makes none.
 * - The path may hold anything but blanks, <, > and ?, and parentheses in pairs, one inside another
 *   at most; it does not end in the marks that end a sentence. The query follows.
 */
#include "text/entities_private.h"

#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uidna.h>

enum {
    LONGEST_HOST = 1024, /* bytes; DNS allows 253. Bounds the work on a text without a dot */
    LONGEST_LABEL = 63,
    LONGEST_URL = 4096,
    LONGEST_SLUG = 40, /* of t.co */
};

struct link {
    size_t start, host, host_end, end;
    bool has_scheme;
};

/* A stretch in which no host begins: a long text without dots is walked once, not at every word. */
struct barren {
    size_t from, to;
};

static bool may_precede(uint32_t c)
{
    return !(cp_is_ascii_alnum(c) || c == '@' || c == 0xFF20 || c == '$' || c == '#' ||
             c == 0xFF03 || c == 0xFFFE || c == 0xFEFF || c == 0xFFFF);
}

static bool in_label(uint32_t c)
{
    if (c < 0x80)
        return cp_is_ascii_alnum(c);
    return !(cp_is_directional(c) || cp_is_space(c) || c == 0x180E || c == 0xFFFE || c == 0xFEFF ||
             c == 0xFFFF);
}

/* The end of the host that begins at `start`; 0: none. */
static size_t host_end(const struct cp_finder *finder, size_t start, struct barren *barren)
{
    size_t best = 0, at = start, limit = finder->size;
    bool good_last = false, underscore = false, any_domain = false;

    if (limit - start > LONGEST_HOST)
        limit = start + LONGEST_HOST;
    while (at < limit) {
        size_t here = at;
        uint32_t c = cp_next(finder->text, finder->size, &at);

        if (c == '.' && good_last) {
            size_t end = cp_tld_end(finder->text, finder->size, at);

            any_domain |= end != 0;
            if (end && !underscore)
                best = end;
            good_last = underscore = false;
        } else if (in_label(c)) {
            good_last = true;
        } else if ((c == '-' || c == '_') && here > start && finder->text[here - 1] != '.') {
            good_last = false;
            underscore |= c == '_';
        } else {
            at = here;
            break;
        }
    }
    if (!any_domain)
        *barren = (struct barren){ start, at };
    return best;
}

static bool in_path(uint32_t c)
{
    return !(c == '<' || c == '>' || c == '(' || c == ')' || c == '?' || cp_is_space(c));
}

static bool ends_path(uint32_t c)
{
    if (c < 0x80)
        return c && !strchr("!*\"';:=,.$%[]~&|@", (int)c);
    return c != 0x300C && c != 0x300D; /* corner brackets */
}

static size_t path_run(const struct cp_finder *finder, size_t at)
{
    while (at < finder->size) {
        size_t here = at;

        if (!in_path(cp_next(finder->text, finder->size, &at)))
            return here;
    }
    return at;
}

static bool is_at(const struct cp_finder *finder, size_t at, char c)
{
    return at < finder->size && finder->text[at] == c;
}

/* The end of "(…)" or "(…(…)…)" at `at`; 0: it is not balanced, or empty. */
static size_t balanced_end(const struct cp_finder *finder, size_t at)
{
    size_t run = path_run(finder, at + 1), inner;

    if (is_at(finder, run, ')'))
        return run > at + 1 ? run + 1 : 0;
    if (!is_at(finder, run, '('))
        return 0;
    inner = path_run(finder, run + 1);
    if (inner == run + 1 || !is_at(finder, inner, ')'))
        return 0;
    run = path_run(finder, inner + 1);
    return is_at(finder, run, ')') ? run + 1 : 0;
}

static size_t path_end(const struct cp_finder *finder, size_t start)
{
    size_t at = start + 1, end = at; /* the slash alone is a path */

    while (at < finder->size) {
        size_t next = at;
        uint32_t c;

        if (finder->text[at] == '(') {
            next = balanced_end(finder, at);
            if (!next)
                break;
            end = next;
        } else {
            c = cp_next(finder->text, finder->size, &next);
            if (!in_path(c))
                break;
            if (ends_path(c))
                end = next;
        }
        at = next;
    }
    return end;
}

/* Mastodon's UCHARS: of RFC 3987's characters those of a query, and a few more. */
static bool beyond_ascii(uint32_t c)
{
    if (c < 0xA0 || (c > 0xFDCF && c < 0xFDF0) || (c >= 0xFFF0 && c < 0x10000) ||
        (c & 0xFFFE) == 0xFFFE)
        return false;
    return !(c >= 0xE0000 && c < 0xE1000);
}

static bool in_query(uint32_t c)
{
    if (c < 0x80)
        return cp_is_ascii_alnum(c) || (c && strchr("!?*'();:&=+$/%#[]-_.,~|@^", (int)c));
    return beyond_ascii(c);
}

static bool ends_query(uint32_t c)
{
    if (c < 0x80)
        return cp_is_ascii_alnum(c) || (c && strchr("_&=#/-", (int)c));
    return beyond_ascii(c);
}

/* The end of "?…" at `start`, or `start` itself when nothing of it can end a query. */
static size_t query_end(const struct cp_finder *finder, size_t start)
{
    size_t at = start + 1, end = start;

    while (at < finder->size) {
        uint32_t c = cp_next(finder->text, finder->size, &at);

        if (!in_query(c))
            break;
        if (ends_query(c))
            end = at;
    }
    return end;
}

static size_t port_end(const struct cp_finder *finder, size_t at)
{
    size_t end = at + 1;

    while (end < finder->size && finder->text[end] >= '0' && finder->text[end] <= '9')
        end++;
    return end > at + 1 ? end : at;
}

/* Asked at the start of every word: most don't have the first letter of a scheme. */
static size_t scheme_size(const struct cp_finder *finder, size_t at)
{
    static const char *const schemes[] = { "https://", "http://",   "dat://",
                                           "dweb://",  "ipfs://",   "ipns://",
                                           "ssb://",   "gopher://", "gemini://" };
    char first = (char)(finder->text[at] | 32);

    for (size_t i = 0; i < CP_COUNT(schemes); i++) {
        if (schemes[i][0] == first && cp_stands_at(finder, at, schemes[i]))
            return strlen(schemes[i]);
    }
    return 0;
}

static bool match_link(const struct cp_finder *finder, size_t start, struct barren *barren,
                       struct link *out)
{
    size_t scheme = scheme_size(finder, start), at;

    if (!scheme && start >= barren->from && start < barren->to)
        return false;
    out->start = start;
    out->has_scheme = scheme > 0;
    out->host = start + scheme;
    out->host_end = host_end(finder, out->host, barren);
    if (!out->host_end)
        return false;
    at = out->host_end;
    if (is_at(finder, at, ':'))
        at = port_end(finder, at);
    if (is_at(finder, at, '/'))
        at = path_end(finder, at);
    if (is_at(finder, at, '?'))
        at = query_end(finder, at);
    out->end = at;
    return true;
}

static bool encodes(const char *host, size_t size)
{
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UIDNA *idna = uidna_openUTS46(UIDNA_DEFAULT, &status);
    char out[LONGEST_HOST * 4];
    const uint32_t fatal = UIDNA_ERROR_LABEL_TOO_LONG | UIDNA_ERROR_EMPTY_LABEL |
                           UIDNA_ERROR_DISALLOWED | UIDNA_ERROR_PUNYCODE;

    if (U_FAILURE(status))
        return false;
    uidna_nameToASCII_UTF8(idna, host, (int32_t)size, out, sizeof(out), &info, &status);
    uidna_close(idna);
    return U_SUCCESS(status) && !(info.errors & fatal);
}

/* The servers turn the host into its ASCII form by IDNA 2003, and what that refuses is no link: a
 * label that is too long, or a character younger than Unicode 3.2, such as every emoji. */
static bool host_is_good(const struct cp_finder *finder, const struct link *link)
{
    const char *host = finder->text + link->host;
    size_t size = link->host_end - link->host, label = 0;
    bool ascii = true;

    for (size_t at = 0; at < size;) {
        uint32_t c = cp_next(host, size, &at);

        if (c >= 0x80) {
            UVersionInfo age;

            u_charAge((UChar32)c, age);
            if (age[0] == 0 || age[0] > 3 || (age[0] == 3 && age[1] > 2))
                return false;
            ascii = false;
        }
        label = c == '.' ? 0 : label + 1;
        if (label > LONGEST_LABEL)
            return false;
    }
    return ascii || encodes(host, size);
}

static bool length_is_good(const struct cp_finder *finder, const struct link *link)
{
    size_t characters = 0;

    if (link->end - link->start <= LONGEST_URL)
        return true;
    for (size_t at = link->start; at < link->end; characters++)
        cp_next(finder->text, link->end, &at);
    return characters <= LONGEST_URL;
}

/* twitter-text cuts its own shortener's links after the slug, on Mastodon too. */
static bool cut_short_link(const struct cp_finder *finder, struct link *link)
{
    size_t end;

    if (!cp_stands_at(finder, link->host, "t.co/") ||
        !cp_stands_at(finder, link->start, "http")) /* the only schemes it knows */
        return true;
    end = link->host + strlen("t.co/");
    while (end < link->end && cp_is_ascii_alnum((unsigned char)finder->text[end]))
        end++;
    if (end == link->host + strlen("t.co/"))
        return true;
    link->end = end;
    return end - link->host - strlen("t.co/") <= LONGEST_SLUG;
}

static void add_link(struct cp_finder *finder, struct link *link)
{
    if (link->has_scheme && cut_short_link(finder, link) && host_is_good(finder, link) &&
        length_is_good(finder, link))
        cp_finder_add(finder, CP_ENTITY_LINK, link->start, link->end);
}

void cp_find_mastodon_links(struct cp_finder *finder)
{
    struct barren barren = { 0 };
    size_t at = 0;

    if (!finder->size || !memmem(finder->text, finder->size, "://", 3))
        return;
    while (at < finder->size) {
        size_t next = at;
        uint32_t c = cp_next(finder->text, finder->size, &next);
        bool starts_line = at == 0 || finder->text[at - 1] == '\n';
        size_t matched = 0;
        struct link link;

        if (cp_is_ascii_alnum(c) && !starts_line) {
            at = next;
            continue;
        }
        if (may_precede(c) && next < finder->size && match_link(finder, next, &barren, &link))
            matched = link.end;
        else if (starts_line && match_link(finder, at, &barren, &link))
            matched = link.end;
        if (matched)
            add_link(finder, &link);
        at = matched ? matched : next;
    }
}

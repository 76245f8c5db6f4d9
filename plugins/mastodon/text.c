/* plugins/mastodon/text.c - HTML to comparable text. Parsing is libxml2's. */
#include "text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

enum { HTML_MOST = 1 << 20 };

/* --- one line --- */

/* Bytes of white space at `text`: ASCII's, and U+00A0, U+2028, U+2029, U+3000. */
static size_t space_size(const char *text)
{
    if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        return 1;
    if (strncmp(text, "\xc2\xa0", 2) == 0)
        return 2;
    if (strncmp(text, "\xe2\x80\xa8", 3) == 0 || strncmp(text, "\xe2\x80\xa9", 3) == 0 ||
        strncmp(text, "\xe3\x80\x80", 3) == 0)
        return 3;
    return 0;
}

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

/* A mention may begin after anything but a word, a path or an assignment. */
static bool may_begin(const char *start, const char *at)
{
    return at == start || !(isalnum((unsigned char)at[-1]) || strchr("_/=@", at[-1]));
}

/* Where the domain of a mention ends, given its '@'; the '@' itself when there is none. */
static const char *domain_end(const char *at)
{
    const char *end = at + 1;

    while (name_byte(*end) || (unsigned char)*end >= 0x80) {
        if (space_size(end))
            break;
        end++;
    }
    while (end > at + 1 && (end[-1] == '.' || end[-1] == '-'))
        end--;
    return end > at + 1 ? end : at;
}

/* Writes the mention at *at as '@name' and moves past its domain; false when it is none. */
static bool put_mention(const char *start, const char **at, FILE *out)
{
    const char *name = *at + 1, *end = name;

    if (**at != '@' || !may_begin(start, *at))
        return false;
    while (name_byte(*end))
        end++;
    if (end == name)
        return false;
    fputc('@', out);
    for (; name < end; name++)
        fputc(tolower((unsigned char)*name), out);
    *at = *end == '@' ? domain_end(end) : end;
    return true;
}

char *masto_plain_text(const char *text)
{
    const char *start = text;
    char *line = NULL;
    size_t size = 0, step;
    bool gap = false, any = false;
    FILE *out = open_memstream(&line, &size);

    if (!out)
        return NULL;
    while (*text) {
        step = space_size(text);
        if (step) {
            gap = any;
            text += step;
            continue;
        }
        if (gap)
            fputc(' ', out);
        gap = false;
        any = true;
        if (!put_mention(start, &text, out))
            fputc(*text++, out);
    }
    if (fclose(out) != 0) {
        free(line);
        return NULL;
    }
    return line;
}

/* --- HTML --- */

static bool is_one_of(const xmlNode *node, const char *const *names)
{
    for (; *names; names++) {
        if (strcasecmp((const char *)node->name, *names) == 0)
            return true;
    }
    return false;
}

static bool breaks_line(const xmlNode *node)
{
    static const char *const names[] = { "br", "p",   "div", "li", "blockquote", "ul",
                                         "ol", "pre", "h1",  "h2", "h3",         "h4",
                                         "h5", "h6",  "hr",  "tr", NULL };

    return is_one_of(node, names);
}

static bool has_class(xmlNode *node, const char *name)
{
    char *value = (char *)xmlGetProp(node, (const xmlChar *)"class");
    char *rest = value, *word;
    bool found = false;

    while (value && !found && (word = strtok_r(rest, " \t\n", &rest)))
        found = strcmp(word, name) == 0;
    xmlFree(value);
    return found;
}

/* Scripts are no text; what Mastodon adds for servers that know no quotes was not sent by us. */
static bool is_skipped(xmlNode *node)
{
    static const char *const names[] = { "script", "style", "head", "title", NULL };

    return is_one_of(node, names) || has_class(node, "quote-inline");
}

static void put_attribute(xmlNode *node, const char *name, FILE *out)
{
    xmlChar *value = xmlGetProp(node, (const xmlChar *)name);

    if (value)
        fputs((const char *)value, out);
    xmlFree(value);
}

/* Some servers show a link cut short; its address is whole. */
static bool put_cut_link(xmlNode *node, FILE *out)
{
    xmlChar *shown;
    size_t size;
    bool cut;

    if (strcasecmp((const char *)node->name, "a") != 0)
        return false;
    shown = xmlNodeGetContent(node);
    size = shown ? strlen((const char *)shown) : 0;
    cut = size > 3 && (strcmp((const char *)shown + size - 3, "…") == 0 ||
                       strcmp((const char *)shown + size - 3, "...") == 0);
    xmlFree(shown);
    if (cut)
        put_attribute(node, "href", out);
    return cut;
}

/* True: its children are to be visited. */
static bool enter(xmlNode *node, FILE *out)
{
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        fputs(node->content ? (const char *)node->content : "", out);
        return false;
    }
    if (node->type != XML_ELEMENT_NODE || is_skipped(node))
        return false;
    if (breaks_line(node))
        fputc('\n', out);
    if (strcasecmp((const char *)node->name, "img") == 0) /* a custom emoji: its shortcode */
        put_attribute(node, "alt", out);
    return !put_cut_link(node, out);
}

/* Without recursion: the depth is the server's choice. */
static void walk(xmlNode *root, FILE *out)
{
    xmlNode *node = root;

    while (node) {
        if (enter(node, out) && node->children) {
            node = node->children;
            continue;
        }
        while (node != root && !node->next) {
            node = node->parent;
            if (breaks_line(node))
                fputc('\n', out);
        }
        node = node == root ? NULL : node->next;
    }
}

char *masto_plain_html(const char *html)
{
    const int quiet = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                      HTML_PARSE_NONET | HTML_PARSE_COMPACT;
    size_t size = strlen(html);
    char *text = NULL, *line = NULL;
    size_t length = 0;
    htmlDocPtr document;
    FILE *out;

    if (size > HTML_MOST)
        return NULL;
    if (strspn(html, " \t\r\n") == size)
        return strdup("");
    document = htmlReadMemory(html, (int)size, NULL, "UTF-8", quiet);
    out = open_memstream(&text, &length);
    if (out) {
        if (document && xmlDocGetRootElement(document))
            walk(xmlDocGetRootElement(document), out);
        if (fclose(out) == 0 && document)
            line = masto_plain_text(text);
        free(text);
    }
    xmlFreeDoc(document);
    return line;
}

/* --- comparing --- */

/* Only what markup and typography leave alone: letters and digits, ASCII in lower case. General
 * punctuation (U+2000 to U+207F) and variation selectors go, in place. */
static void skeleton(char *text)
{
    unsigned char *out = (unsigned char *)text, *at = out;

    while (*at) {
        if (at[0] == 0xe2 && (at[1] == 0x80 || at[1] == 0x81) && at[2])
            at += 3;
        else if (at[0] == 0xef && at[1] == 0xb8 && at[2] == 0x8f)
            at += 3;
        else if (*at >= 0x80 || isalnum(*at))
            *out++ = (unsigned char)tolower(*at++);
        else
            at++;
    }
    *out = '\0';
}

static bool nearly(const char *a, const char *b)
{
    size_t size_a = strlen(a), size_b = strlen(b);
    size_t shorter = size_a < size_b ? size_a : size_b, longer = size_a < size_b ? size_b : size_a;

    return shorter > 0 && shorter * 10 >= longer * 6 && strncmp(a, b, shorter) == 0;
}

enum masto_likeness masto_like(const char *a, const char *b)
{
    enum masto_likeness likeness = MASTO_NEAR; /* when memory runs out a person has to look */
    char *left, *right;

    if (strcmp(a, b) == 0)
        return MASTO_SAME;
    left = strdup(a);
    right = strdup(b);
    if (left && right) {
        skeleton(left);
        skeleton(right);
        if (!nearly(left, right))
            likeness = MASTO_OTHER;
    }
    free(left);
    free(right);
    return likeness;
}

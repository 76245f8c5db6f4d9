/* plugins/feed/page_text.c - text as HTML: escaped, in paragraphs, with links and tags. */
#include "feed.h"

#include <string.h>

static void put_char(xmlBuffer *out, char c)
{
    switch (c) {
    case '&':
        xmlBufferCat(out, BAD_CAST "&amp;");
        break;
    case '<':
        xmlBufferCat(out, BAD_CAST "&lt;");
        break;
    case '>':
        xmlBufferCat(out, BAD_CAST "&gt;");
        break;
    case '"':
        xmlBufferCat(out, BAD_CAST "&quot;");
        break;
    case '\'':
        xmlBufferCat(out, BAD_CAST "&#39;");
        break;
    default:
        xmlBufferAdd(out, (const xmlChar *)&c, 1);
    }
}

static void escape(xmlBuffer *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        put_char(out, text[i]);
}

void page_escape(xmlBuffer *out, const char *text)
{
    escape(out, text, strlen(text));
}

/* ---- links ------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static size_t count_of(const char *text, size_t size, char c)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += text[i] == c;
    return count;
}

/* What ends a sentence is no part of the address; a bracket is when it was opened inside. */
static size_t link_size(const char *text, size_t start)
{
    size_t size = strcspn(text, " \t\r\n<>\"");

    while (size > start) {
        char last = text[size - 1];

        if (last == ')' && count_of(text, size, '(') >= count_of(text, size, ')'))
            break;
        if (!strchr(".,;:!?')]}*", last))
            break;
        size--;
    }
    return size > start ? size : 0;
}

/* Bytes of the link that begins here, or 0. */
static size_t find_link(const char *text)
{
    if (strncmp(text, "https://", 8) == 0)
        return link_size(text, 8);
    if (strncmp(text, "http://", 7) == 0)
        return link_size(text, 7);
    return 0;
}

static void put_link(xmlBuffer *out, const char *text, size_t size)
{
    xmlBufferCat(out, BAD_CAST "<a href=\"");
    escape(out, text, size);
    xmlBufferCat(out, BAD_CAST "\" rel=\"noopener\">");
    escape(out, text, size);
    xmlBufferCat(out, BAD_CAST "</a>");
}

/* ---- tags -------------------------------------------------------------------------------------- */

/* The host has found them when the entry was made: only what it found is one. */
static size_t find_tag(const char *text, const xmlNode *entry)
{
    size_t longest = 0;

    for (xmlNode *at = atom_child(entry, "category"); at; at = atom_next(at, "category")) {
        xmlChar *term = xmlGetNoNsProp(at, BAD_CAST "term");
        size_t size = term ? strlen((char *)term) : 0;

        if (size > longest && strncmp(text + 1, (char *)term, size) == 0 &&
            !is_word(text[1 + size]))
            longest = size;
        xmlFree(term);
    }
    return longest ? longest + 1 : 0;
}

static void put_tag(xmlBuffer *out, const char *text, size_t size)
{
    xmlBufferCat(out, BAD_CAST "<b class=\"tag\">");
    escape(out, text, size);
    xmlBufferCat(out, BAD_CAST "</b>");
}

/* ---- paragraphs -------------------------------------------------------------------------------- */

static size_t put_some(xmlBuffer *out, const char *text, const xmlNode *entry, bool after_word)
{
    size_t size = after_word ? 0 : find_link(text);

    if (size) {
        put_link(out, text, size);
        return size;
    }
    size = *text == '#' && !after_word ? find_tag(text, entry) : 0;
    if (size)
        put_tag(out, text, size);
    else
        put_char(out, *text);
    return size ? size : 1;
}

void page_paragraphs(xmlBuffer *out, const char *text, const xmlNode *entry)
{
    bool open = false;

    for (size_t i = 0; text[i];) {
        size_t lines = 0, skip = i;

        for (; text[skip] == '\n' || text[skip] == '\r'; skip++)
            lines += text[skip] == '\n';
        if (skip > i) {
            i = skip;
            if (open && text[i] && lines == 1)
                xmlBufferCat(out, BAD_CAST "<br>");
            else if (open && lines > 1) {
                xmlBufferCat(out, BAD_CAST "</p>\n");
                open = false;
            }
            continue;
        }
        if (!open)
            xmlBufferCat(out, BAD_CAST "<p dir=\"auto\">");
        open = true;
        i += put_some(out, text + i, entry, i > 0 && is_word(text[i - 1]));
    }
    if (open)
        xmlBufferCat(out, BAD_CAST "</p>\n");
}

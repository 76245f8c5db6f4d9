/* plugins/feed/page.c - the feed as one page that needs nothing but its own media.
 *
 * No script, nothing from elsewhere, and every byte of the feed escaped: the page may be put on a
 * server as it is. Newest first; a thread stands together, in the order it was written.
 */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 50 };

struct item {
    const xmlNode *entry;
    char *id, *parent; /* parent: NULL, or the id of the entry that this one answers */
    bool done;
};

struct page {
    xmlBuffer *out;
    struct item *items; /* newest first */
    size_t count;
};

static const char mark_start[] = "<meta name=\"camp-post-feed\" content=\"";

static const char style[] =
    ":root{color-scheme:light dark;--back:#f5f3ef;--card:#fff;--ink:#1d1b19;--soft:#645f58;"
    "--line:#ddd8cf;--mark:#9c2f1f}\n"
    "@media (prefers-color-scheme:dark){:root{--back:#151413;--card:#201e1c;--ink:#eceae6;"
    "--soft:#a8a29a;--line:#3a3632;--mark:#ff9a83}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--back);color:var(--ink);"
    "font:1.0625rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
    "overflow-wrap:anywhere}\n"
    "header,main{max-width:40rem;margin:0 auto;padding-left:1rem;padding-right:1rem}\n"
    "header{padding-top:2.5rem;padding-bottom:1.25rem;display:flex;flex-wrap:wrap;"
    "align-items:baseline;gap:.25rem 1rem;justify-content:space-between}\n"
    "h1{margin:0;font-size:clamp(1.6rem,5vw,2.25rem);line-height:1.15;letter-spacing:-.015em}\n"
    "a{color:var(--mark);text-underline-offset:.15em}\n"
    "a:focus-visible,summary:focus-visible{outline:3px solid var(--mark);outline-offset:3px}\n"
    "article{background:var(--card);border:1px solid var(--line);border-radius:.75rem;"
    "padding:1.1rem 1.25rem;margin:0 0 1rem}\n"
    "article:target{border-color:var(--mark)}\n"
    "article.answer{margin-left:1.25rem;margin-top:-.5rem;border-left:3px solid var(--mark);"
    "border-top-left-radius:.2rem;border-bottom-left-radius:.2rem}\n"
    ".when{margin:0 0 .5rem;font-size:.875rem;font-variant-numeric:tabular-nums}\n"
    ".when a{color:var(--soft);text-decoration:none}\n"
    ".when a:hover{text-decoration:underline}\n"
    "p{margin:0 0 .75em}\n"
    ".text>:last-child{margin-bottom:0}\n"
    ".tag{color:var(--mark);font-weight:600}\n"
    "summary{cursor:pointer;font-weight:600}\n"
    "details[open] summary{margin-bottom:.75em}\n"
    "figure{margin:.9rem 0 0}\n"
    "img,video{display:block;max-width:100%;max-height:36rem;border-radius:.5rem;"
    "border:1px solid var(--line)}\n"
    "audio{width:100%}\n"
    "main{padding-bottom:3rem}\n"
    ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);"
    "white-space:nowrap}\n";

static void put(const struct page *page, const char *text)
{
    xmlBufferCat(page->out, BAD_CAST text);
}

static void put_escaped(const struct page *page, xmlChar *text)
{
    page_escape(page->out, text ? (char *)text : "");
    xmlFree(text);
}

/* ---- media ------------------------------------------------------------------------------------- */

/* The page's own copy, wherever the feed says that it is: "media/DIGEST.png". */
static bool own_medium(const char *address, char out[MEDIUM_SIZE])
{
    const char *slash = strrchr(address, '/');
    const char *name = slash ? slash + 1 : address;
    size_t digits = strspn(name, "0123456789abcdef");

    if (digits != 64 || name[64] != '.' || strlen(name) > 70 ||
        strspn(name + 65, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(name + 65))
        return false;
    snprintf(out, MEDIUM_SIZE, "media/%s", name);
    return true;
}

static bool is_type(const char *type, const char *start)
{
    return strncmp(type, start, strlen(start)) == 0;
}

static void put_figure(const struct page *page, const char *type, const char *name, xmlChar *alt)
{
    const char *element = is_type(type, "image/")   ? "img"
                          : is_type(type, "video/") ? "video"
                          : is_type(type, "audio/") ? "audio"
                                                    : "a";
    bool is_image = strcmp(element, "img") == 0, is_link = strcmp(element, "a") == 0;

    xmlBufferCat(page->out, BAD_CAST "<figure><");
    put(page, element);
    put(page, is_link ? " href=\"" : " src=\"");
    page_escape(page->out, name);
    put(page, is_image  ? "\" loading=\"lazy\" alt=\""
              : is_link ? "\">"
                        : "\" controls preload=\"metadata\" aria-label=\"");
    put_escaped(page, alt);
    put(page, is_image ? "\">" : is_link ? "</a>" : "\"></");
    if (!is_image && !is_link) {
        put(page, element);
        put(page, ">");
    }
    put(page, "</figure>\n");
}

static void put_media(const struct page *page, const xmlNode *entry)
{
    for (xmlNode *link = atom_child(entry, "link"); link; link = atom_next(link, "link")) {
        xmlChar *rel = xmlGetNoNsProp(link, BAD_CAST "rel");
        xmlChar *address = xmlGetNoNsProp(link, BAD_CAST "href");
        xmlChar *type = xmlGetNoNsProp(link, BAD_CAST "type");
        char name[MEDIUM_SIZE];

        if (rel && address && type && strcmp((char *)rel, "enclosure") == 0 &&
            own_medium((char *)address, name))
            put_figure(page, (char *)type, name, xmlGetNoNsProp(link, BAD_CAST "title"));
        xmlFree(rel);
        xmlFree(address);
        xmlFree(type);
    }
}

/* ---- entries ----------------------------------------------------------------------------------- */

static const char *key_of(const char *id)
{
    size_t start = strlen(ENTRY_ID_START);

    return strncmp(id, ENTRY_ID_START, start) == 0 ? id + start : id;
}

/* "2022-02-15T13:28:00Z" as "2022-02-15 13:28 UTC"; another form as it is. */
static void put_time(const struct page *page, const struct item *item)
{
    xmlChar *time = atom_text(item->entry, "published");
    const char *text = time ? (char *)time : "";

    put(page, "<p class=\"when\"><a href=\"#");
    page_escape(page->out, key_of(item->id));
    put(page, "\"><time datetime=\"");
    page_escape(page->out, text);
    put(page, "\">");
    if (strlen(text) == 20 && text[10] == 'T' && text[19] == 'Z') {
        char shown[TIME_SIZE];

        snprintf(shown, sizeof(shown), "%.10s %.5s UTC", text, text + 11);
        page_escape(page->out, shown);
    } else {
        page_escape(page->out, text);
    }
    put(page, "</time></a></p>\n");
    xmlFree(time);
}

static void put_content(const struct page *page, const xmlNode *entry)
{
    xmlChar *text = atom_text(entry, "content"), *warning = atom_text(entry, "summary");
    bool hidden = warning && *warning;

    put(page, "<div class=\"text\">\n");
    if (hidden) {
        put(page, "<details><summary dir=\"auto\">");
        page_escape(page->out, (char *)warning);
        put(page, "</summary>\n");
    }
    page_paragraphs(page->out, text ? (char *)text : "", entry);
    put_media(page, entry);
    put(page, hidden ? "</details>\n</div>\n" : "</div>\n");
    xmlFree(text);
    xmlFree(warning);
}

static void put_article(const struct page *page, const struct item *item, bool answer)
{
    xmlChar *language = xmlNodeGetLang(item->entry);

    put(page, "<article id=\"");
    page_escape(page->out, key_of(item->id));
    put(page, "\" lang=\"");
    put_escaped(page, language);
    put(page, answer ? "\" class=\"answer\">\n" : "\">\n");
    put(page, "<h2 class=\"hidden\">");
    put_escaped(page, atom_text(item->entry, "title"));
    put(page, "</h2>\n");
    put_time(page, item);
    put_content(page, item->entry);
    put(page, "</article>\n");
}

/* Answers stand below what they answer, the oldest first. Each entry is put once, so a ring of answers,
 * which nobody but a forger makes, ends. */
static void put_thread(struct page *page, struct item *item, unsigned depth)
{
    item->done = true;
    put_article(page, item, depth > 0);
    for (size_t i = page->count; depth < DEPTH_MOST && i-- > 0;) {
        struct item *other = &page->items[i];

        if (!other->done && other->parent && strcmp(other->parent, item->id) == 0)
            put_thread(page, other, depth + 1);
    }
}

static bool has_item(const struct page *page, const char *id)
{
    for (size_t i = 0; i < page->count; i++)
        if (strcmp(page->items[i].id, id) == 0)
            return true;
    return false;
}

static void put_entries(struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        struct item *item = &page->items[i];

        if (!item->done && (!item->parent || !has_item(page, item->parent)))
            put_thread(page, item, 0);
    }
    for (size_t i = 0; i < page->count; i++)
        if (!page->items[i].done)
            put_thread(page, &page->items[i], 0);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static char *parent_of(const xmlNode *entry)
{
    for (const xmlNode *child = entry->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE &&
            strcmp((const char *)child->name, "in-reply-to") == 0)
            return (char *)xmlGetNoNsProp((xmlNode *)child, BAD_CAST "ref");
    return NULL;
}

static bool collect(struct page *page, const xmlDoc *doc, size_t limit)
{
    size_t count = atom_count(doc);
    const xmlNode *root = xmlDocGetRootElement((xmlDoc *)doc);

    if (count > limit)
        count = limit;
    page->items = calloc(count + 1, sizeof(*page->items));
    if (!page->items)
        return false;
    for (xmlNode *at = atom_child(root, "entry"); at && page->count < count;
         at = atom_next(at, "entry")) {
        char *id = (char *)atom_text(at, "id");

        if (id)
            page->items[page->count++] =
                (struct item){ .entry = at, .id = id, .parent = parent_of(at) };
    }
    return true;
}

static void put_head(const struct page *page, const xmlNode *root, const char *mark)
{
    xmlChar *title = atom_text(root, "title");
    const char *name = title ? (char *)title : "";
    xmlChar *language = page->count ? xmlNodeGetLang(page->items[0].entry) : NULL;

    put(page, "<!DOCTYPE html>\n<html lang=\"");
    page_escape(page->out, language ? (char *)language : "en");
    put(page, "\">\n<head>\n<meta charset=\"utf-8\">\n");
    put(page, mark_start);
    put(page, mark);
    put(page, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; "
              "object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'\">\n"
              "<title>");
    page_escape(page->out, name);
    put(page, "</title>\n<link rel=\"alternate\" type=\"application/atom+xml\" "
              "href=\"feed.atom\" title=\"");
    page_escape(page->out, name);
    put(page, "\">\n<style>\n");
    put(page, style);
    put(page, "</style>\n</head>\n<body>\n<header>\n<h1 dir=\"auto\">");
    page_escape(page->out, name);
    put(page, "</h1>\n<a href=\"feed.atom\" type=\"application/atom+xml\">Atom feed</a>\n"
              "</header>\n<main>\n");
    xmlFree(title);
    xmlFree(language);
}

xmlChar *page_write(const xmlDoc *doc, size_t limit, const char *mark, size_t *out_size)
{
    struct page page = { .out = xmlBufferCreate() };
    xmlChar *bytes = NULL;

    if (page.out && collect(&page, doc, limit)) {
        xmlBufferSetAllocationScheme(page.out, XML_BUFFER_ALLOC_DOUBLEIT);
        put_head(&page, xmlDocGetRootElement((xmlDoc *)doc), mark);
        put_entries(&page);
        put(&page, "</main>\n</body>\n</html>\n");
        *out_size = (size_t)xmlBufferLength(page.out);
        bytes = xmlBufferDetach(page.out);
    }
    for (size_t i = 0; i < page.count; i++) {
        xmlFree(page.items[i].id);
        xmlFree(page.items[i].parent);
    }
    free(page.items);
    xmlBufferFree(page.out);
    return bytes;
}

/* ---- marks ------------------------------------------------------------------------------------- */

/* FNV-1a (64 bits) over the feed: it tells apart feeds of ours, and is no defence against anybody. The first
 * number is the version of the page's form; raise it when the page changes, and pages are made anew. */
void page_mark(const char *bytes, size_t size, char out[MARK_SIZE])
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    snprintf(out, MARK_SIZE, "1-%016llx-%zu", (unsigned long long)hash, size);
}

void page_find_mark(const char *bytes, size_t size, char out[MARK_SIZE])
{
    const char *found =
        memmem(bytes, size < 1024 ? size : 1024, mark_start, sizeof(mark_start) - 1);
    size_t length;

    *out = '\0';
    if (!found)
        return;
    found += sizeof(mark_start) - 1;
    length = strspn(found, "0123456789abcdef-");
    if (length < MARK_SIZE && found[length] == '"') {
        memcpy(out, found, length);
        out[length] = '\0';
    }
}

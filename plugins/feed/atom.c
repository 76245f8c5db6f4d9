/* plugins/feed/atom.c - the feed file as a tree (RFC 4287).
 *
 * The file is ours, but anybody who can write the folder may have changed it, so it is read as a
 * stranger's: no network, no entities, no document type, libxml2's own limits left on. What we
 * don't know in it (elements of others, comments) stays as it is.
 */
#include "feed.h"

#include <libxml/parser.h>
#include <string.h>

static const char atom_space[] = "http://www.w3.org/2005/Atom";
static const char thread_space[] = "http://purl.org/syndication/thread/1.0"; /* RFC 4685 */

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0 &&
           node->ns && strcmp((const char *)node->ns->href, atom_space) == 0;
}

xmlNode *atom_next(const xmlNode *node, const char *name)
{
    for (node = node->next; node; node = node->next)
        if (is(node, name))
            break;
    return (xmlNode *)node;
}

xmlNode *atom_child(const xmlNode *parent, const char *name)
{
    if (!parent || !parent->children)
        return NULL;
    return is(parent->children, name) ? parent->children : atom_next(parent->children, name);
}

xmlChar *atom_text(const xmlNode *parent, const char *name)
{
    xmlNode *child = atom_child(parent, name);

    return child ? xmlNodeGetContent(child) : NULL;
}

static xmlNode *root_of(const xmlDoc *doc)
{
    return xmlDocGetRootElement((xmlDoc *)doc);
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* The parser's own pointer, which it leaves to us, says why it was stopped. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    xmlParserCtxt *parser = ctx;

    (void)name, (void)external, (void)system;
    parser->_private = parser;
    xmlStopParser(parser);
}

xmlDoc *atom_parse(const char *bytes, size_t size, const char **why)
{
    xmlParserCtxt *parser = size < INT32_MAX ? xmlNewParserCtxt() : NULL;
    xmlDoc *doc;
    xmlNode *root;

    *why = "it is too large, or memory ran out";
    if (!parser)
        return NULL;
    parser->sax->internalSubset = on_doctype;
    doc = xmlCtxtReadMemory(parser, bytes, (int)size, NULL, NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    *why = parser->_private ? "it has a document type, which a feed never needs"
                            : "it is not well-formed XML";
    xmlFreeParserCtxt(parser);
    root = doc ? root_of(doc) : NULL;
    if (root && is(root, "feed") && atom_child(root, "id"))
        return doc;
    if (doc)
        *why = "it is not an Atom feed with an id";
    xmlFreeDoc(doc);
    return NULL;
}

xmlNode *atom_find(const xmlDoc *doc, const char *id)
{
    xmlNode *entry = atom_child(root_of(doc), "entry");

    for (; entry; entry = atom_next(entry, "entry")) {
        xmlChar *text = atom_text(entry, "id");
        bool found = text && strcmp((char *)text, id) == 0;

        xmlFree(text);
        if (found)
            break;
    }
    return entry;
}

size_t atom_count(const xmlDoc *doc)
{
    size_t count = 0;

    for (xmlNode *at = atom_child(root_of(doc), "entry"); at; at = atom_next(at, "entry"))
        count++;
    return count;
}

/* ---- changing ---------------------------------------------------------------------------------- */

static xmlNode *add(xmlNode *parent, const char *name, const char *text)
{
    xmlNodeAddContent(parent, BAD_CAST "\n  ");
    return xmlNewTextChild(parent, parent->ns, BAD_CAST name, BAD_CAST text);
}

xmlDoc *atom_create(const char *id, const char *title)
{
    xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNode *root = xmlNewNode(NULL, BAD_CAST "feed"), *author;
    xmlChar *clean = words_clean(title);

    if (!doc || !root || !clean) {
        xmlFree(clean);
        xmlFreeNode(root);
        xmlFreeDoc(doc);
        return NULL;
    }
    xmlDocSetRootElement(doc, root);
    xmlSetNs(root, xmlNewNs(root, BAD_CAST atom_space, NULL));
    xmlNewNs(root, BAD_CAST thread_space, BAD_CAST "thr");
    add(root, "id", id);
    add(root, "title", (char *)clean);
    add(root, "updated", "1970-01-01T00:00:00Z");
    add(root, "generator", "camp-post");
    author = add(root, "author", NULL);
    xmlNewTextChild(author, root->ns, BAD_CAST "name", clean);
    xmlNodeAddContent(root, BAD_CAST "\n");
    xmlFree(clean);
    return doc;
}

/* Text first, so that nothing in it is taken for an entity reference. */
static void set_text(xmlNode *node, const xmlChar *text)
{
    xmlNode *content = node ? xmlNewText(text) : NULL;

    if (!content)
        return;
    xmlNodeSetContent(node, NULL);
    xmlAddChild(node, content);
}

static void set_link(xmlNode *root, const char *relation, const char *type, const char *address)
{
    xmlNode *link = atom_child(root, "link");

    while (link) {
        xmlChar *rel = xmlGetNoNsProp(link, BAD_CAST "rel");
        bool found = rel && strcmp((char *)rel, relation) == 0;

        xmlFree(rel);
        if (found)
            break;
        link = atom_next(link, "link");
    }
    if (!link) {
        link = xmlNewNode(root->ns, BAD_CAST "link");
        if (!link || !xmlAddPrevSibling(atom_child(root, "updated"), link))
            return;
        xmlAddPrevSibling(atom_child(root, "updated"), xmlNewText(BAD_CAST "\n  "));
    }
    xmlSetProp(link, BAD_CAST "rel", BAD_CAST relation);
    xmlSetProp(link, BAD_CAST "type", BAD_CAST type);
    xmlSetProp(link, BAD_CAST "href", BAD_CAST address);
}

void atom_set_head(xmlDoc *doc, const char *title, const char *self, const char *alternate)
{
    xmlNode *root = root_of(doc), *author = atom_child(root, "author");
    xmlChar *clean = words_clean(title);

    if (clean) {
        set_text(atom_child(root, "title"), clean);
        set_text(atom_child(author, "name"), clean);
    }
    xmlFree(clean);
    if (!atom_child(root, "updated") || !self || !alternate)
        return;
    set_link(root, "self", "application/atom+xml", self);
    set_link(root, "alternate", "text/html", alternate);
}

/* Times of one form in UTC sort as text does; what others wrote there is never later than ours. */
static int compare_times(const xmlNode *a, const xmlNode *b, const char *name)
{
    xmlChar *left = atom_text(a, name), *right = atom_text(b, name);
    int order = strcmp(left ? (char *)left : "", right ? (char *)right : "");

    xmlFree(left);
    xmlFree(right);
    return order;
}

static void remove_entry(xmlNode *entry)
{
    xmlNode *before = entry->prev;

    if (before && xmlIsBlankNode(before)) {
        xmlUnlinkNode(before);
        xmlFreeNode(before);
    }
    xmlUnlinkNode(entry);
    xmlFreeNode(entry);
}

static void place(xmlNode *root, xmlNode *entry)
{
    xmlNode *at = atom_child(root, "entry"), *last = NULL;

    while (at && compare_times(at, entry, "published") > 0) {
        last = at;
        at = atom_next(at, "entry");
    }
    if (at) {
        xmlAddPrevSibling(at, entry);
        xmlAddPrevSibling(at, xmlNewText(BAD_CAST "\n  "));
    } else if (last) {
        xmlAddNextSibling(last, entry);
        xmlAddPrevSibling(entry, xmlNewText(BAD_CAST "\n  "));
    } else {
        xmlNodeAddContent(root, BAD_CAST "  ");
        xmlAddChild(root, entry);
        xmlNodeAddContent(root, BAD_CAST "\n");
    }
}

void atom_insert(xmlDoc *doc, xmlNode *entry)
{
    xmlNode *root = root_of(doc);
    xmlChar *updated;

    place(root, entry);
    updated = atom_text(entry, "updated");
    if (updated && compare_times(entry, root, "updated") > 0)
        set_text(atom_child(root, "updated"), updated);
    xmlFree(updated);
}

void atom_trim(xmlDoc *doc, const xmlNode *keep, size_t limit)
{
    xmlNode *root = root_of(doc), *next;
    size_t count = 0;
    bool seen = false;

    for (xmlNode *at = atom_child(root, "entry"); at; at = next) {
        next = atom_next(at, "entry");
        seen |= at == keep;
        /* Until ours was passed, one place is kept free for it. */
        if (at != keep && count + !seen >= limit)
            remove_entry(at);
        else
            count++;
    }
}

xmlChar *atom_write(xmlDoc *doc, size_t *out_size)
{
    xmlChar *bytes = NULL;
    int size = 0;

    xmlDocDumpMemoryEnc(doc, &bytes, &size, "UTF-8");
    while (bytes && size > 0 && bytes[size - 1] != '>')
        size--;
    *out_size = (size_t)size;
    return bytes;
}

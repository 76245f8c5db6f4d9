/* plugins/feed/entry.c - one entry of the feed: made from a part, compared with a part. */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t last_us = INT64_C(253402300799) * 1000000; /* the end of the year 9999 */

static const char *ending(const char *type)
{
    static const struct {
        const char *type, *ending;
    } known[] = {
        { "image/png", "png" },   { "image/jpeg", "jpg" },      { "image/gif", "gif" },
        { "image/webp", "webp" }, { "image/avif", "avif" },     { "video/mp4", "mp4" },
        { "video/webm", "webm" }, { "video/quicktime", "mov" }, { "audio/mpeg", "mp3" },
        { "audio/ogg", "ogg" },   { "audio/wav", "wav" },
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(type, known[i].type) == 0)
            return known[i].ending;
    return "bin";
}

void medium_name(const struct cp_media_view *medium, char out[MEDIUM_SIZE])
{
    snprintf(out, MEDIUM_SIZE, "media/%.64s.%s", medium->sha256, ending(medium->type));
}

void entry_id(const char *wire_key, char out[64])
{
    snprintf(out, 64, ENTRY_ID_START "%.40s", wire_key ? wire_key : "");
}

/* ---- making ------------------------------------------------------------------------------------ */

static xmlNode *add(xmlNode *entry, const char *name, const char *text)
{
    xmlChar *clean = text ? words_clean(text) : NULL;
    xmlNode *child;

    xmlNodeAddContent(entry, BAD_CAST "\n    ");
    child = xmlNewTextChild(entry, NULL, BAD_CAST name, clean);
    xmlFree(clean);
    return child;
}

static void set(xmlNode *node, const char *name, const char *text)
{
    xmlChar *clean = words_clean(text);

    if (node && clean)
        xmlSetProp(node, BAD_CAST name, clean);
    xmlFree(clean);
}

/* A warning is there so that the text is not seen at once: then it must not be the title either. */
static void add_title(xmlNode *entry, const struct cp_part_view *part, const char *otherwise)
{
    const char *from = part->warning && *part->warning ? part->warning : part->text;
    xmlChar *title;

    if (!*from)
        from = part->media_count && *part->media[0].alt ? part->media[0].alt : otherwise;
    title = words_title(from);
    add(entry, "title", title ? (char *)title : "");
    xmlFree(title);
}

static void add_tags(xmlNode *entry, const struct cp_part_view *part)
{
    for (size_t i = 0; i < part->entity_count; i++) {
        const struct cp_entity *entity = &part->entities[i];
        size_t size = entity->end - entity->start;
        char *term = NULL;

        if (entity->kind == CP_ENTITY_TAG && size > 1)
            term = strndup(part->text + entity->start + 1, size - 1); /* without the sign */
        if (term)
            set(add(entry, "category", NULL), "term", term);
        free(term);
    }
}

static void add_media(xmlNode *entry, const struct cp_settings *settings,
                      const struct cp_part_view *part)
{
    for (size_t i = 0; i < part->media_count; i++) {
        const struct cp_media_view *medium = &part->media[i];
        xmlNode *link = add(entry, "link", NULL);
        char name[MEDIUM_SIZE], length[24];
        char *address;

        medium_name(medium, name);
        snprintf(length, sizeof(length), "%llu", (unsigned long long)medium->size);
        address = feed_address(settings, name);
        set(link, "rel", "enclosure");
        set(link, "type", medium->type);
        set(link, "length", length);
        set(link, "title", medium->alt);
        set(link, "href", address ? address : name);
        free(address);
    }
}

static void add_parent(xmlDoc *doc, xmlNode *entry, const char *parent_id)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNs *ns = xmlSearchNsByHref(doc, root, BAD_CAST "http://purl.org/syndication/thread/1.0");
    xmlNode *reply = add(entry, "in-reply-to", NULL);

    if (!ns)
        ns = xmlNewNs(root, BAD_CAST "http://purl.org/syndication/thread/1.0", BAD_CAST "thr");
    if (reply && ns)
        xmlSetNs(reply, ns);
    set(reply, "ref", parent_id);
}

static void add_times(xmlNode *entry, const struct cp_turn *turn)
{
    char time[TIME_SIZE];

    /* A post that waits for a release has no time yet; only a preview asks for it. */
    words_time(turn->due_us >= 0 && turn->due_us <= last_us ? turn->due_us : turn->now_us, time);
    add(entry, "published", time);
    add(entry, "updated", time);
}

static void fill(xmlDoc *doc, xmlNode *entry, const struct cp_settings *settings,
                 const struct cp_turn *turn)
{
    const struct cp_part_view *part = turn->part;
    char id[64];
    char *address;

    entry_id(turn->wire_key, id);
    address = feed_entry_address(settings, id);
    xmlNodeSetLang(entry, BAD_CAST part->language);
    add(entry, "id", id);
    add_title(entry, part, feed_title(settings, turn));
    add_times(entry, turn);
    if (address) {
        xmlNode *link = add(entry, "link", NULL);

        set(link, "rel", "alternate");
        set(link, "type", "text/html");
        set(link, "href", address);
    }
    free(address);
    add_tags(entry, part);
    if (turn->parent_id)
        add_parent(doc, entry, turn->parent_id);
    if (part->warning && *part->warning)
        add(entry, "summary", part->warning);
    set(add(entry, "content", part->text), "type", "text");
    add_media(entry, settings, part);
    xmlNodeAddContent(entry, BAD_CAST "\n  ");
}

xmlNode *entry_create(xmlDoc *doc, const struct cp_settings *settings, const struct cp_turn *turn)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *entry = xmlNewDocNode(doc, root->ns, BAD_CAST "entry", NULL);

    if (entry)
        fill(doc, entry, settings, turn);
    return entry;
}

/* ---- comparing --------------------------------------------------------------------------------- */

static bool same(const xmlChar *there, const char *sent)
{
    xmlChar *clean = words_clean(sent ? sent : "");
    bool equal = clean && strcmp(there ? (const char *)there : "", (char *)clean) == 0;

    xmlFree(clean);
    return equal;
}

static bool same_child(const xmlNode *entry, const char *name, const char *sent)
{
    xmlChar *text = atom_text(entry, name);
    bool equal = same(text, sent);

    xmlFree(text);
    return equal;
}

static bool same_attribute(const xmlNode *node, const char *name, const char *sent)
{
    xmlChar *value = xmlGetProp((xmlNode *)node, BAD_CAST name);
    bool equal = same(value, sent);

    xmlFree(value);
    return equal;
}

/* The address may have been written below another `link`: its last step tells which medium it is. */
static bool same_medium(const xmlNode *link, const struct cp_media_view *medium)
{
    xmlChar *address = xmlGetNoNsProp((xmlNode *)link, BAD_CAST "href");
    const char *slash = address ? strrchr((char *)address, '/') : NULL;
    char name[MEDIUM_SIZE];
    bool equal;

    medium_name(medium, name);
    equal = slash && strcmp(slash, strrchr(name, '/')) == 0 &&
            same_attribute(link, "title", medium->alt);
    xmlFree(address);
    return equal;
}

static bool same_media(const xmlNode *entry, const struct cp_part_view *part)
{
    size_t count = 0;

    for (xmlNode *link = atom_child(entry, "link"); link; link = atom_next(link, "link")) {
        if (!same_attribute(link, "rel", "enclosure"))
            continue;
        if (count == part->media_count || !same_medium(link, &part->media[count]))
            return false;
        count++;
    }
    return count == part->media_count;
}

static bool same_parent(const xmlNode *entry, const char *parent_id)
{
    for (const xmlNode *child = entry->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE &&
            strcmp((const char *)child->name, "in-reply-to") == 0)
            return same_attribute(child, "ref", parent_id);
    return false;
}

const char *entry_difference(const xmlNode *entry, const struct cp_part_view *part,
                             const char *parent_id)
{
    if (!same_child(entry, "content", part->text))
        return "the text is another one";
    if (!same_child(entry, "summary", part->warning))
        return "the content warning is another one";
    if (!same_media(entry, part))
        return "the media or their descriptions are others";
    if (!same_attribute(entry, "lang", part->language))
        return "the language is another one";
    if (parent_id && !same_parent(entry, parent_id))
        return "it answers another post";
    return NULL;
}

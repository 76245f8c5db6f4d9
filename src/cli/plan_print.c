/* src/cli/plan_print.c - the plan for people: what would go out, when, where, and what is new about it.
 *
 * Ordered as the plan is: by time, under a heading for each day of the campaign's own calendar, then
 * what waits for a person, then what leaves. A delivery that says the same as the one before it says so.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_private.h"

enum { INDENT = 6 };

struct page {
    const struct cp_session *session;
    const struct cp_preview *preview;
    const struct cp_arguments *arguments;
    const struct cp_style *style;
    size_t columns;
    FILE *out;
    char heading[CP_LOCAL_SIZE * 3];       /* the one that was printed last */
    const struct cp_plan_delivery *before; /* the delivery that was printed last */
    const struct cp_post **posts_of;       /* of each diagnostic; NULL: of none, or said already */
    size_t counts[CP_CHANGE_TOO_LATE + 1], standby;
};

/* ---- headings ------------------------------------------------------------------------------ */

static const struct cp_zone *zone_of(const struct page *page, const struct cp_plan_delivery *d)
{
    return cp_zones_find(page->preview->zones, d->campaign ? d->campaign->zone : "UTC");
}

static void put_heading(struct page *page, const struct cp_plan_delivery *d)
{
    char heading[sizeof(page->heading)], day[CP_LOCAL_SIZE];
    struct cp_civil civil;

    if (d->change == CP_CHANGE_CANCEL) {
        snprintf(heading, sizeof(heading), "No longer in the schedule");
    } else if (d->due_us == CP_NEVER) {
        snprintf(heading, sizeof(heading), "On standby, each until somebody releases it");
    } else {
        civil = cp_zone_civil(zone_of(page, d), d->due_us);
        cp_format_day(&civil, day);
        snprintf(heading, sizeof(heading), "%s, %s", day, cp_zone_name(zone_of(page, d)));
    }
    if (strcmp(heading, page->heading) == 0)
        return;
    memcpy(page->heading, heading, sizeof(heading));
    page->before = NULL;
    fprintf(page->out, "\n%s%s%s\n", page->style->bold, heading, page->style->off);
}

/* ---- one delivery -------------------------------------------------------------------------- */

struct mark {
    char sign;
    const char *colour;
};

static struct mark mark_of(const struct page *page, enum cp_change change)
{
    switch (change) {
    case CP_CHANGE_ADD:
        return (struct mark){ '+', page->style->green };
    case CP_CHANGE_EDIT:
        return (struct mark){ '~', page->style->yellow };
    case CP_CHANGE_CANCEL:
        return (struct mark){ '-', page->style->red };
    case CP_CHANGE_LATE:
        return (struct mark){ '!', page->style->yellow };
    case CP_CHANGE_NONE:
    case CP_CHANGE_TOO_LATE:
        break;
    }
    return (struct mark){ ' ', "" };
}

/* Another clock, with its date where that is another one. */
static void put_clock(const struct page *page, const char *before, const struct cp_zone *own,
                      const struct cp_zone *other, int64_t us)
{
    struct cp_civil here = cp_zone_civil(own, us);
    struct cp_civil there = other ? cp_zone_civil(other, us) : cp_utc_to_civil(us);
    char text[CP_LOCAL_SIZE];

    if (cp_civil_days(&here) == cp_civil_days(&there))
        cp_format_clock(other, us, text);
    else
        cp_format_local(other, us, text);
    fprintf(page->out, "%s%s", before, text);
}

/* The same moment on other clocks, where they show something else. */
static void put_other_clocks(const struct page *page, const struct cp_plan_delivery *d)
{
    const struct cp_zone *own = zone_of(page, d), *other = cp_plan_account_zone(page->preview, d);
    bool utc, account;

    if (d->due_us == CP_NEVER)
        return;
    utc = cp_zone_offset(own, d->due_us) != 0;
    account = other && cp_zone_offset(other, d->due_us) != cp_zone_offset(own, d->due_us);
    if (utc)
        put_clock(page, " (", own, NULL, d->due_us);
    if (account) {
        put_clock(page, utc ? ", " : " (", own, other, d->due_us);
        fprintf(page->out, " for %s", d->account->organisation);
    }
    fputs(utc || account ? ")" : "", page->out);
}

static void put_name(const struct page *page, const struct cp_plan_delivery *d)
{
    fprintf(page->out, "%s%s", page->style->bold, d->post_id);
    if (strcmp(d->occurrence, "-") != 0)
        fprintf(page->out, "/%s", d->occurrence);
    fprintf(page->out, "%s to %s%s%s", page->style->off, page->style->bold, d->account_id,
            page->style->off);
}

static void put_first_line(const struct page *page, const struct cp_plan_delivery *d)
{
    const char *state = cp_plan_state(page->session, d);
    const struct mark mark = mark_of(page, d->change);
    char clock[CP_LOCAL_SIZE] = "";
    bool known = d->change == CP_CHANGE_NONE || d->change == CP_CHANGE_TOO_LATE;

    fprintf(page->out, "  %s%c %-7s%s ", mark.colour, mark.sign,
            known ? state : cp_change_name(d->change), page->style->off);
    if (d->change == CP_CHANGE_CANCEL && d->due_us != CP_NEVER)
        cp_format_local(zone_of(page, d), d->due_us, clock);
    else if (d->due_us != CP_NEVER)
        cp_format_clock(zone_of(page, d), d->due_us, clock);
    fprintf(page->out, "%s%s", clock, *clock ? "  " : "");
    put_name(page, d);
    put_other_clocks(page, d);
    fputc('\n', page->out);
    if (d->renamed_from)
        fprintf(page->out, "%*sknown to the ledger as %s\n", INDENT, "", d->renamed_from);
}

/* ---- parts --------------------------------------------------------------------------------- */

static void put_measure(const struct page *page, const struct cp_plan_delivery *d, size_t index)
{
    const struct cp_plan_part *part = &d->parts[index];
    const struct cp_facts *facts = cp_plan_facts(page->preview, d);

    fprintf(page->out, "%*s%s", INDENT, "", page->style->dim);
    if (d->part_count > 1)
        fprintf(page->out, "%zu of %zu, ", index + 1, d->part_count);
    fprintf(page->out, "%s, %llu", part->content->language, (unsigned long long)part->length);
    if (part->limit)
        fprintf(page->out, "/%llu", (unsigned long long)part->limit);
    fprintf(page->out, " %s", cp_text_unit_name(part->unit));
    if (facts && index == 0)
        fprintf(page->out, ", guarantee %s%s", cp_guarantee_name(facts->guarantee),
                facts->assumed ? " (assumed)" : "");
    if (part->content->visibility)
        fprintf(page->out, ", %s", part->content->visibility);
    if (page->arguments->verbose)
        fprintf(page->out, ", key %s", part->wire_key);
    fprintf(page->out, "%s\n", page->style->off);
}

static void put_medium(const struct page *page, const struct cp_media_view *medium)
{
    struct cp_buffer line = { 0 };
    char size[CP_LOCAL_SIZE];

    cp_format_size(medium->size, size);
    cp_buffer_printf(&line, "%s (%s, ", medium->name, medium->type);
    if (medium->width && medium->height)
        cp_buffer_printf(&line, "%u×%u, ", medium->width, medium->height);
    cp_buffer_printf(&line, "%s): %s", size, *medium->alt ? medium->alt : "no alt text");
    if (!line.failed)
        cp_put_wrapped(page->out, line.data, INDENT, "  with ", page->columns);
    cp_buffer_release(&line);
}

static void put_body(const struct page *page, const json_t *body)
{
    char *text = json_is_string(body) ? NULL : json_dumps(body, JSON_INDENT(2) | JSON_ENCODE_ANY);
    const char *shown = text ? text : json_string_value(body);

    if (shown && *shown && !json_is_null(body))
        cp_put_wrapped(page->out, shown, INDENT, "    ", 0);
    free(text);
}

static void put_request(const struct page *page, const json_t *request)
{
    const char *method = json_string_value(json_object_get(request, "method"));
    const char *url = json_string_value(json_object_get(request, "url"));
    const char *step = json_string_value(json_object_get(request, "step"));
    const json_t *body = json_object_get(request, "body");
    const char *name;
    json_t *value;

    fprintf(page->out, "%*s  %s", INDENT, "", page->style->blue);
    cp_put(page->out, method ? method : "");
    fputc(' ', page->out);
    cp_put(page->out, url ? url : "");
    fprintf(page->out, "%s  (%s)\n", page->style->off, step ? step : "");
    json_object_foreach(json_object_get(request, "headers"), name, value)
    {
        fprintf(page->out, "%*s    ", INDENT, "");
        cp_put(page->out, name);
        fputs(": ", page->out);
        cp_put(page->out, json_is_string(value) ? json_string_value(value) : "");
        fputc('\n', page->out);
    }
    if (body)
        put_body(page, body);
}

static void put_requests(const struct page *page, const struct cp_plan_delivery *d, size_t index)
{
    struct cp_error err = { 0 };
    json_t *requests = cp_plan_requests(page->session, page->preview, d, index, &err), *request;
    size_t i;

    if (!requests && err.domain) {
        fprintf(page->out, "%*s  no requests: ", INDENT, "");
        cp_put(page->out, err.message);
        fputc('\n', page->out);
    }
    json_array_foreach(requests, i, request) put_request(page, request);
    json_decref(requests);
}

static void put_part(const struct page *page, const struct cp_plan_delivery *d, size_t index)
{
    const struct cp_content_part *content = d->parts[index].content;

    put_measure(page, d, index);
    if (content->warning)
        cp_put_wrapped(page->out, content->warning, INDENT,
                       "  behind the warning: ", page->columns);
    cp_put_wrapped(page->out, content->text, INDENT, "  ", page->columns);
    for (size_t i = 0; i < content->media_count; i++)
        put_medium(page, &content->media[i]);
    if (page->arguments->requests)
        put_requests(page, d, index);
}

/* ---- warnings ------------------------------------------------------------------------------ */

/* A time that was moved is told with the occurrence that it belongs to. */
static bool is_of_another(const struct cp_diagnostic *entry, const struct cp_plan_delivery *d)
{
    char quoted[2 * CP_ID_MOST];

    if (!entry->code || strncmp(entry->code, "time-in-", strlen("time-in-")) != 0)
        return false;
    snprintf(quoted, sizeof(quoted), "'%s'", d->occurrence);
    return strstr(entry->message, quoted) == NULL;
}

/* Under the first delivery of the post that they are about. */
static void put_warnings(struct page *page, const struct cp_plan_delivery *d)
{
    const struct cp_diagnostics *list = &page->preview->diagnostics;

    for (size_t i = 0; page->posts_of && d->post && i < list->count; i++) {
        const struct cp_diagnostic *entry = &list->items[i];
        struct cp_buffer line = { 0 };

        if (page->posts_of[i] != d->post || is_of_another(entry, d))
            continue;
        page->posts_of[i] = NULL;
        cp_buffer_printf(&line, "%s: %s%s%s", cp_severity_name(entry->severity), entry->message,
                         entry->hint && *entry->hint ? "; " : "", entry->hint ? entry->hint : "");
        fputs(page->style->yellow, page->out);
        if (!line.failed)
            cp_put_wrapped(page->out, line.data, INDENT, "", page->columns);
        fputs(page->style->off, page->out);
        cp_buffer_release(&line);
    }
}

/* Those without a post go to standard error, as `check` prints them; notes when they are asked for. */
static void put_other_warnings(struct page *page)
{
    const struct cp_diagnostics *list = &page->preview->diagnostics;
    struct cp_diagnostics others = { 0 };

    page->posts_of = cp_arena_array(page->preview->arena, list->count + 1, sizeof(*page->posts_of));
    others.items = cp_arena_array(page->preview->arena, list->count + 1, sizeof(*others.items));
    if (!page->posts_of || !others.items)
        return;
    for (size_t i = 0; i < list->count; i++) {
        page->posts_of[i] = cp_plan_post_of(page->preview, &list->items[i]);
        if (!page->posts_of[i] && (page->arguments->verbose || list->items[i].severity != CP_NOTE))
            others.items[others.count++] = list->items[i];
    }
    cp_diagnostics_print(&others, *cp_style_of(stderr)->off, stderr);
}

/* ---- the page ------------------------------------------------------------------------------ */

/* Does the delivery that was printed last say the same? */
static bool is_repeated(const struct page *page, const struct cp_plan_delivery *d)
{
    return page->before && !page->arguments->requests && page->before->post == d->post &&
           strcmp(page->before->content_hash, d->content_hash) == 0;
}

/* Not the text again, but what the other account's server makes of it. */
static void put_repetition(const struct page *page, const struct cp_plan_delivery *d)
{
    const struct cp_plan_delivery *before = page->before;
    const struct cp_facts *facts = cp_plan_facts(page->preview, d),
                          *others = cp_plan_facts(page->preview, before);

    if (d->parts[0].limit != before->parts[0].limit || d->parts[0].unit != before->parts[0].unit ||
        (facts && others && facts->guarantee != others->guarantee))
        for (size_t i = 0; i < d->part_count; i++)
            put_measure(page, d, i);
    fprintf(page->out, "%*s%ssays the same as ", INDENT, "", page->style->dim);
    if (before->account_id == d->account_id && strcmp(before->occurrence, "-") != 0)
        fprintf(page->out, "%s/", before->post_id);
    if (before->account_id == d->account_id)
        fprintf(page->out, "%s", before->occurrence);
    else
        fprintf(page->out, "to %s", before->account_id);
    fprintf(page->out, "%s\n", page->style->off);
}

static void put_delivery(struct page *page, const struct cp_plan_delivery *d)
{
    put_heading(page, d);
    put_first_line(page, d);
    page->counts[d->change]++;
    page->standby += d->due_us == CP_NEVER && d->change != CP_CHANGE_CANCEL;
    put_warnings(page, d);
    if (d->change == CP_CHANGE_CANCEL)
        return;
    if (is_repeated(page, d)) {
        put_repetition(page, d);
        return;
    }
    for (size_t i = 0; i < d->part_count; i++)
        put_part(page, d, i);
    page->before = d;
}

static void put_count(const struct page *page, const char **separator, size_t count,
                      const char *word)
{
    if (!count)
        return;
    fprintf(page->out, "%s%zu %s", *separator, count, word);
    *separator = ", ";
}

static void put_summary(const struct page *page, size_t count)
{
    const size_t *counts = page->counts;
    const char *separator = ": ";

    fprintf(page->out, "\n%zu %s", count, count == 1 ? "delivery" : "deliveries");
    put_count(page, &separator, counts[CP_CHANGE_ADD], "add");
    put_count(page, &separator, counts[CP_CHANGE_EDIT], "change");
    put_count(page, &separator, counts[CP_CHANGE_CANCEL], "cancel");
    put_count(page, &separator, counts[CP_CHANGE_LATE],
              "late (already past: each waits for a release)");
    put_count(page, &separator, counts[CP_CHANGE_NONE] + counts[CP_CHANGE_TOO_LATE], "unchanged");
    if (page->standby)
        fprintf(page->out, "; %zu on standby", page->standby);
    fputs("\nNothing was sent or written.\n", page->out);
}

void cp_plan_print(const struct cp_session *session, const struct cp_preview *preview,
                   const struct cp_arguments *arguments, FILE *out)
{
    struct page page = { .session = session,
                         .preview = preview,
                         .arguments = arguments,
                         .style = cp_style_of(out),
                         .columns = cp_columns() ? cp_columns() : 100,
                         .out = out };

    put_other_warnings(&page);
    for (size_t i = 0; i < preview->plan->count; i++)
        put_delivery(&page, &preview->plan->deliveries[i]);
    if (preview->plan->count)
        put_summary(&page, preview->plan->count);
    else
        fputs(arguments->only ? "The plan is empty: the scope covers no delivery.\n"
                              : "The plan is empty: no post goes to any of the accounts.\n",
              out);
}

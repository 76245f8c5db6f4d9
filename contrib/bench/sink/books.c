/* contrib/bench/sink/books.c - what was posted, counted and timed; and the answers.
 *
 * A token ends in the number of its account, so that each token is another account. A text with
 * "due=MILLISECONDS" (since the epoch) is timed on its arrival.
 */
#include "sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_ID = 1000000 };

struct post {
    uint64_t id; /* 0: none */
    unsigned long account;
    struct output text;    /* as JSON writes it */
    struct output content; /* the same as HTML */
    char visibility[16], language[16], reply_to[24];
};

/* A set of hashes that are never 0; always at most half full. */
struct key_set {
    uint64_t *slots;
    size_t capacity, count;
};

struct counts {
    uint64_t requests, posts, reads, others, duplicates;
    int64_t first_post_us, last_post_us, last_us; /* wall clock */
};

struct books {
    struct post *posts; /* a ring */
    size_t keep;
    struct key_set keys;
    int64_t *late_us;
    size_t late_count, late_capacity;
    struct counts counts;
    int64_t now_us;
    time_t written; /* the second of the two forms below */
    char date[40], created[40];
};

/* --- time --- */

static void look_at_clock(struct books *books)
{
    struct timespec now;
    struct tm civil;

    clock_gettime(CLOCK_REALTIME, &now);
    books->now_us = now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
    if (now.tv_sec == books->written)
        return;
    books->written = now.tv_sec;
    gmtime_r(&now.tv_sec, &civil);
    strftime(books->date, sizeof(books->date), "%a, %d %b %Y %H:%M:%S GMT", &civil);
    strftime(books->created, sizeof(books->created), "%Y-%m-%dT%H:%M:%S.000Z", &civil);
}

/* --- keys --- */

static uint64_t hash(struct text text)
{
    uint64_t value = 1469598103934665603u; /* FNV-1a */

    for (size_t i = 0; i < text.size; i++)
        value = (value ^ (unsigned char)text.bytes[i]) * 1099511628211u;
    value ^= value >> 29;
    return value ? value : 1;
}

static bool insert(struct key_set *set, uint64_t value)
{
    size_t at = value & (set->capacity - 1);

    while (set->slots[at]) {
        if (set->slots[at] == value)
            return false;
        at = (at + 1) & (set->capacity - 1);
    }
    set->slots[at] = value;
    set->count++;
    return true;
}

/* False: it is there already. */
static bool add_key(struct key_set *set, struct text key)
{
    if (set->count * 2 >= set->capacity) {
        struct key_set grown = { .capacity = set->capacity ? set->capacity * 2 : 1 << 16 };

        grown.slots = must_have(calloc(grown.capacity, sizeof(uint64_t)));
        for (size_t i = 0; i < set->capacity; i++) {
            if (set->slots[i])
                insert(&grown, set->slots[i]);
        }
        free(set->slots);
        *set = grown;
    }
    return insert(set, hash(key));
}

/* --- lateness --- */

static void note_arrival(struct books *books, struct text text)
{
    const char *mark = text.size ? memmem(text.bytes, text.size, "due=", 4) : NULL;

    if (!books->counts.first_post_us)
        books->counts.first_post_us = books->now_us;
    books->counts.last_post_us = books->now_us;
    if (!mark)
        return;
    if (books->late_count == books->late_capacity) {
        books->late_capacity = books->late_capacity ? books->late_capacity * 2 : 4096;
        books->late_us = must_have(realloc(books->late_us, books->late_capacity * sizeof(int64_t)));
    }
    books->late_us[books->late_count++] = books->now_us - strtoll(mark + 4, NULL, 10) * 1000;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void put_lateness(struct books *books, struct output *out)
{
    static const int permille[] = { 0, 500, 900, 990, 1000 };
    size_t last = books->late_count - 1;

    if (!books->late_count)
        return;
    qsort(books->late_us, books->late_count, sizeof(int64_t), compare);
    put_format(out, ",\"late_us\":[");
    for (size_t i = 0; i < sizeof(permille) / sizeof(permille[0]); i++)
        put_format(out, "%s%lld", i ? "," : "",
                   (long long)books->late_us[last * (size_t)permille[i] / 1000]);
    put_format(out, "]");
}

/* --- posts --- */

static void copy(char *to, size_t size, struct text from)
{
    snprintf(to, size, "%.*s", (int)from.size, from.bytes);
}

/* JSON's escapes stay, but for line breaks; what HTML would take for markup is written as entities. */
static void put_html(struct output *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        const char *at = text.bytes + i;

        if (*at == '&')
            put(out, "&amp;", 5);
        else if (*at == '<')
            put(out, "&lt;", 4);
        else if (*at == '\\' && i + 1 < text.size && at[1] == 'n')
            put(out, "<br>", 4), i++;
        else if (*at == '\\' && i + 1 < text.size)
            put(out, at, 2), i++;
        else
            put(out, at, 1);
    }
}

static unsigned long account_of(struct text token)
{
    size_t digits = 0;

    while (digits < token.size && strchr("0123456789", token.bytes[token.size - 1 - digits]))
        digits++;
    return digits ? strtoul(token.bytes + token.size - digits, NULL, 10) : 0;
}

static void put_post(const struct books *books, const struct post *post, struct output *out)
{
    bool reply = post->reply_to[0] != '\0';

    put_format(out,
               "{\"id\":\"%llu\",\"created_at\":\"%s\",\"visibility\":\"%s\",\"language\":\"%s\","
               "\"sensitive\":false,\"spoiler_text\":\"\",\"in_reply_to_id\":%s%s%s,"
               "\"url\":\"http://127.0.0.1/@a%lu/%llu\",\"media_attachments\":[],"
               "\"account\":{\"id\":\"%lu\",\"acct\":\"a%lu\"},\"content\":\"<p>",
               (unsigned long long)post->id, books->created, post->visibility, post->language,
               reply ? "\"" : "", reply ? post->reply_to : "null", reply ? "\"" : "", post->account,
               (unsigned long long)post->id, post->account, post->account);
    put(out, post->content.bytes, post->content.size);
    put_format(out, "</p>\"}");
}

static void answer_publish(struct books *books, const struct request *request, struct output *out)
{
    struct post *post = &books->posts[books->counts.posts % books->keep];
    struct text text = json_member(request->body, "status");

    if (request->key.size && !add_key(&books->keys, request->key))
        books->counts.duplicates++;
    note_arrival(books, text);
    post->id = FIRST_ID + books->counts.posts++;
    post->account = account_of(request->token);
    post->text.size = post->content.size = 0;
    put(&post->text, text.bytes, text.size);
    put_html(&post->content, text);
    copy(post->visibility, sizeof(post->visibility), json_member(request->body, "visibility"));
    copy(post->language, sizeof(post->language), json_member(request->body, "language"));
    copy(post->reply_to, sizeof(post->reply_to), json_member(request->body, "in_reply_to_id"));
    put_post(books, post, out);
}

/* False: no such post, or not any more. */
static bool answer_read(struct books *books, const char *id, struct output *out)
{
    char *end;
    uint64_t number = strtoull(id, &end, 10);
    const struct post *post = &books->posts[(number - FIRST_ID) % books->keep];

    books->counts.reads++;
    if (number < FIRST_ID || post->id != number)
        return false;
    if (strncmp(end, "/source", 7) == 0) {
        put_format(out, "{\"id\":\"%llu\",\"spoiler_text\":\"\",\"text\":\"",
                   (unsigned long long)post->id);
        put(out, post->text.bytes, post->text.size);
        put_format(out, "\"}");
    } else {
        put_post(books, post, out);
    }
    return true;
}

/* --- the rest --- */

static void answer_instance(struct output *out)
{
    put_format(out, "{\"domain\":\"127.0.0.1\",\"title\":\"sink\",\"version\":\"4.4.0\","
                    "\"source_url\":\"https://github.com/mastodon/mastodon\","
                    "\"api_versions\":{\"mastodon\":5},\"configuration\":{\"statuses\":{"
                    "\"max_characters\":500,\"max_media_attachments\":4,"
                    "\"characters_reserved_per_url\":23}}}");
}

static void answer_who(const struct request *request, struct output *out)
{
    unsigned long account = account_of(request->token);

    put_format(out,
               "{\"id\":\"%lu\",\"username\":\"a%lu\",\"acct\":\"a%lu\","
               "\"url\":\"http://127.0.0.1/@a%lu\"}",
               account, account, account, account);
}

static void answer_stats(struct books *books, struct output *out)
{
    const struct counts *counts = &books->counts;

    put_format(out,
               "{\"requests\":%llu,\"posts\":%llu,\"reads\":%llu,\"others\":%llu,\"keys\":%zu,"
               "\"duplicates\":%llu,\"first_post_us\":%lld,\"last_post_us\":%lld,\"last_us\":%lld",
               (unsigned long long)counts->requests, (unsigned long long)counts->posts,
               (unsigned long long)counts->reads, (unsigned long long)counts->others,
               books->keys.count, (unsigned long long)counts->duplicates,
               (long long)counts->first_post_us, (long long)counts->last_post_us,
               (long long)counts->last_us);
    put_lateness(books, out);
    put_format(out, "}");
}

static void forget(struct books *books)
{
    memset(&books->counts, 0, sizeof(books->counts));
    if (books->keys.count)
        memset(books->keys.slots, 0, books->keys.capacity * sizeof(uint64_t));
    books->keys.count = 0;
    books->late_count = 0;
}

/* Each gives the status of the answer whose body it puts into `out`. */
static int answer_other(const struct request *request, struct output *out)
{
    if (is(request->target, "/api/v1/accounts/verify_credentials")) {
        answer_who(request, out);
        return 200;
    }
    if (begins(request->target, "/api/v2/instance")) {
        answer_instance(out);
        return 200;
    }
    put_format(out, "{\"error\":\"not built\"}");
    return 501;
}

static int answer_counted(struct books *books, const struct request *request, struct output *out)
{
    static const char one[] = "/api/v1/statuses/";
    struct text target = request->target;

    books->counts.requests++;
    books->counts.last_us = books->now_us;
    if (is(request->method, "POST") && is(target, "/api/v1/statuses")) {
        answer_publish(books, request, out);
        return 200;
    }
    if (begins(target, one)) {
        target.bytes += strlen(one);
        if (answer_read(books, target.bytes, out))
            return 200;
        put_format(out, "{\"error\":\"Record not found\"}");
        return 404;
    }
    books->counts.others++;
    return answer_other(request, out);
}

struct books *books_create(size_t keep)
{
    struct books *books = must_have(calloc(1, sizeof(*books)));

    books->posts = must_have(calloc(keep, sizeof(*books->posts)));
    books->keep = keep;
    return books;
}

void books_answer(struct books *books, const struct request *request, struct output *out)
{
    static struct output body; /* one thread: the memory is used again for the next answer */
    int status = 200;

    body.size = 0;
    look_at_clock(books);
    if (is(request->target, "/__reset"))
        forget(books);
    if (begins(request->target, "/__"))
        answer_stats(books, &body);
    else
        status = answer_counted(books, request, &body);
    put_format(out,
               "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: application/json; charset=utf-8\r\n"
               "Content-Length: %zu\r\n\r\n",
               status, status == 200 ? "OK" : "No", books->date, body.size);
    put(out, body.bytes, body.size);
}

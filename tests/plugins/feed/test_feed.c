/* tests/plugins/feed/test_feed.c - the feed adapter, turn by turn, on a real folder. */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/buffer.h"
#include "feed_disk.h"

#define OWNER   "urn:camp-post:feed:0123456789012345678901234567890123456789012"
#define DIGEST  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST2 "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY     "ovj7ufflt4yrvpmsb7kkno4heu"
#define NOON    INT64_C(1644930000000000) /* 2022-02-15T13:00:00Z */

static int set_up(void **state)
{
    struct disk *disk = malloc(sizeof(*disk));

    disk_open(disk);
    *state = disk;
    return 0;
}

static int tear_down(void **state)
{
    disk_close(*state);
    free(*state);
    return 0;
}

static struct cp_part_view plain_part(const char *text)
{
    return (struct cp_part_view){ .text = text, .language = "en" };
}

static struct cp_turn post_turn(const struct cp_part_view *part, const char *key)
{
    return (struct cp_turn){ .purpose = CP_POST,
                             .part = part,
                             .part_number = 1,
                             .part_total = 1,
                             .title = "Free Assange NOW",
                             .wire_key = key,
                             .due_us = NOON,
                             .account_id = OWNER };
}

static void forget(struct disk *disk)
{
    free(disk->checkpoint);
    disk->checkpoint = NULL;
}

static enum cp_verdict_kind run(struct disk *disk, struct cp_turn *turn, char reason[400])
{
    struct outcome outcome;
    enum cp_verdict_kind kind;
    const struct cp_verdict *verdict = &outcome.answer.verdict;

    outcome = disk_run(disk, turn);
    kind = verdict->kind;
    if (reason)
        snprintf(reason, 400, "%s",
                 verdict->reason       ? verdict->reason
                 : verdict->difference ? verdict->difference
                 : verdict->remote_id  ? verdict->remote_id
                                       : "");
    cp_answer_release(&outcome.answer);
    return kind;
}

static enum cp_verdict_kind post_at(struct disk *disk, const char *text, const char *key,
                                    int64_t due_us)
{
    struct cp_part_view part = plain_part(text);
    struct cp_turn turn = post_turn(&part, key);

    forget(disk);
    turn.due_us = due_us;
    return run(disk, &turn, NULL);
}

static enum cp_verdict_kind look_up(struct disk *disk, const struct cp_part_view *part,
                                    const char *remote_id, char reason[400])
{
    struct cp_turn turn = post_turn(part, KEY);

    forget(disk);
    turn.purpose = CP_LOOK_UP;
    turn.tried = part;
    turn.tried_count = 1;
    turn.remote_id = remote_id;
    return run(disk, &turn, reason);
}

static void assert_in_file(struct disk *disk, const char *name, const char *expected)
{
    char *text = disk_read(disk, name, NULL);

    if (!text || !strstr(text, expected))
        fail_msg("'%s' is not in %s: %s", expected, name, text ? text : "(no file)");
    free(text);
}

static void assert_not_in_file(struct disk *disk, const char *name, const char *unwanted)
{
    char *text = disk_read(disk, name, NULL);

    if (!text || strstr(text, unwanted))
        fail_msg("'%s' is in %s: %s", unwanted, name, text ? text : "(no file)");
    free(text);
}

static size_t occurrences(struct disk *disk, const char *name, const char *word)
{
    char *text = disk_read(disk, name, NULL);
    size_t count = 0;

    for (const char *at = text; at && (at = strstr(at, word)); at += strlen(word))
        count++;
    free(text);
    return count;
}

/* ---- posting ----------------------------------------------------------------------------------- */

static void a_post_is_an_entry_of_the_feed(void **state)
{
    static const struct cp_entity tag = { CP_ENTITY_TAG, 5, 10 };
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Now: #free <him> & \"all\"");
    struct cp_turn turn = post_turn(&part, KEY);
    struct outcome outcome;
    char *feed;
    size_t size;

    part.entities = &tag;
    part.entity_count = 1;
    outcome = disk_run(disk, &turn);
    assert_int_equal(outcome.answer.verdict.kind, CP_VERDICT_ACCEPTED);
    assert_string_equal(outcome.answer.verdict.remote_id, "urn:camp-post:" KEY);
    assert_null(outcome.answer.verdict.url);
    assert_int_equal(disk->publishes, 1);
    cp_answer_release(&outcome.answer);
    assert_in_file(disk, "feed.atom", "<id>" OWNER "</id>");
    assert_in_file(disk, "feed.atom", "<title>Free Assange NOW</title>");
    assert_in_file(disk, "feed.atom", "<id>urn:camp-post:" KEY "</id>");
    assert_in_file(disk, "feed.atom", "<published>2022-02-15T13:00:00Z</published>");
    assert_in_file(disk, "feed.atom",
                   "<content type=\"text\">Now: #free &lt;him&gt; &amp; \"all\"</content>");
    assert_in_file(disk, "feed.atom", "<category term=\"free\"/>");
    assert_in_file(disk, "feed.atom", "<entry xml:lang=\"en\">");
    feed = disk_read(disk, "feed.atom", &size);
    assert_string_equal(feed + size - 7, "</feed>");
    free(feed);
}

static void with_a_link_people_are_told_where_to_look(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Hello");
    struct cp_turn turn = post_turn(&part, KEY);
    struct outcome outcome;

    disk_set(disk, "link", "https://example.org/news");
    disk_set(disk, "title", "News");
    outcome = disk_run(disk, &turn);
    assert_string_equal(outcome.answer.verdict.url, "https://example.org/news/#" KEY);
    cp_answer_release(&outcome.answer);
    assert_in_file(disk, "feed.atom", "<title>News</title>");
    assert_in_file(disk, "feed.atom",
                   "<link rel=\"self\" type=\"application/atom+xml\" "
                   "href=\"https://example.org/news/feed.atom\"/>");
}

static struct cp_part_view part_with_media(const struct cp_media_view *media)
{
    struct cp_part_view part = plain_part("Look");

    part.media = media;
    part.media_count = 2;
    return part;
}

static const struct cp_media_view pictures[2] = {
    { .sha256 = DIGEST, .type = "image/png", .name = "a.png", .alt = "A \"poster\"", .size = 69 },
    { .sha256 = DIGEST2, .type = "image/jpeg", .name = "b.jpg", .alt = "", .size = 69 },
};

static void media_are_there_before_the_entry_names_them(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = part_with_media(pictures);
    struct cp_turn turn = post_turn(&part, KEY);
    char *medium;

    assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
    assert_int_equal(disk->prepares, 2);
    medium = disk_read(disk, "media/" DIGEST ".png", NULL);
    assert_non_null(medium);
    free(medium);
    assert_in_file(disk, "feed.atom",
                   "<link rel=\"enclosure\" type=\"image/png\" length=\"69\" title=\"A "
                   "&quot;poster&quot;\" href=\"media/" DIGEST ".png\"/>");
    assert_in_file(disk, "feed.atom", "media/" DIGEST2 ".jpg");
}

static void a_crash_after_any_step_leads_to_one_entry(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = part_with_media(pictures);
    unsigned steps = 0;

    for (unsigned stop = 1; steps == 0; stop++) {
        struct cp_turn turn = post_turn(&part, KEY);
        struct outcome outcome;

        disk_remove(disk, "feed.atom");
        forget(disk);
        disk->stop_after = stop;
        outcome = disk_run(disk, &turn);
        if (!outcome.stopped)
            steps = stop;
        cp_answer_release(&outcome.answer);
        disk->stop_after = 0;
        assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
        /* What was copied before the crash is not copied again. */
        assert_int_equal(disk->prepares, stop >= 3 ? 0 : stop == 2 ? 1 : 2);
        assert_int_equal(occurrences(disk, "feed.atom", "<entry "), 1);
        if (stop > 20)
            fail_msg("it does not end");
    }
}

static void the_same_key_twice_is_one_entry(void **state)
{
    struct disk *disk = *state;
    char *first, *second;

    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    first = disk_read(disk, "feed.atom", NULL);
    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    second = disk_read(disk, "feed.atom", NULL);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void another_content_does_not_replace_what_is_published(void **state)
{
    struct disk *disk = *state;

    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    assert_int_equal(post_at(disk, "Hallo", KEY, NOON), CP_VERDICT_REJECTED);
    assert_int_equal(disk->publishes, 0);
    assert_in_file(disk, "feed.atom", ">Hello</content>");
}

static void entries_stand_newest_first(void **state)
{
    static const int order[] = { 3, 1, 5, 2, 4 };
    struct disk *disk = *state;
    char *feed;
    const char *last;

    for (size_t i = 0; i < CP_COUNT(order); i++) {
        char text[16], key[32];

        snprintf(text, sizeof(text), "No %d", order[i]);
        snprintf(key, sizeof(key), "key-%d", order[i]);
        assert_int_equal(post_at(disk, text, key, NOON + order[i] * CP_MINUTE),
                         CP_VERDICT_ACCEPTED);
    }
    feed = disk_read(disk, "feed.atom", NULL);
    last = feed;
    for (int i = 5; i >= 1; i--) {
        char text[32];
        const char *at;

        snprintf(text, sizeof(text), ">No %d</content>", i);
        at = strstr(feed, text);
        assert_non_null(at);
        assert_true(at > last);
        last = at;
    }
    assert_non_null(strstr(feed, "<updated>2022-02-15T13:05:00Z</updated>\n  <generator>"));
    free(feed);
}

static void the_oldest_leave_a_full_feed_but_never_the_new_one(void **state)
{
    struct disk *disk = *state;

    disk_set(disk, "entries", "10");
    for (int i = 0; i < 15; i++) {
        char key[32];

        snprintf(key, sizeof(key), "key-%02d", i);
        assert_int_equal(post_at(disk, "x", key, NOON + i * CP_MINUTE), CP_VERDICT_ACCEPTED);
    }
    assert_int_equal(occurrences(disk, "feed.atom", "<entry "), 10);
    assert_not_in_file(disk, "feed.atom", "key-04");
    assert_in_file(disk, "feed.atom", "key-05");
    assert_int_equal(post_at(disk, "old", "old", NOON - CP_DAY), CP_VERDICT_ACCEPTED);
    assert_int_equal(occurrences(disk, "feed.atom", "<entry "), 10);
    assert_in_file(disk, "feed.atom", "urn:camp-post:old<");
    assert_not_in_file(disk, "feed.atom", "key-05");
}

/* The host reads no file of more than 8 MiB: such a feed could not be changed any more. */
static void a_feed_never_grows_beyond_what_can_be_read_again(void **state)
{
    struct disk *disk = *state;
    char *text = malloc(300001), *feed;
    size_t size;

    memset(text, 'x', 300000);
    text[300000] = '\0';
    for (int i = 0; i < 20; i++) {
        char key[32];
        struct cp_part_view part = plain_part(text);

        snprintf(key, sizeof(key), "key-%02d", i);
        assert_int_equal(post_at(disk, text, key, NOON + i * CP_MINUTE), CP_VERDICT_ACCEPTED);
        assert_in_file(disk, "feed.atom", key);
        if (i == 19)
            assert_int_equal(look_up(disk, &part, "urn:camp-post:none", NULL), CP_VERDICT_ACCEPTED);
    }
    feed = disk_read(disk, "feed.atom", &size);
    assert_in_range(size, 3 << 20, 4 << 20);
    free(feed);
    free(text);
}

static void a_reply_names_what_it_answers(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Second");
    struct cp_turn turn = post_turn(&part, "second");

    assert_int_equal(post_at(disk, "First", "first", NOON), CP_VERDICT_ACCEPTED);
    forget(disk);
    turn.parent_id = turn.root_id = "urn:camp-post:first";
    turn.part_number = turn.part_total = 2;
    assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
    assert_in_file(disk, "feed.atom", "<thr:in-reply-to ref=\"urn:camp-post:first\"/>");
}

static void a_post_for_some_people_only_is_refused(void **state)
{
    static const char *const words[] = { "private", "direct" };
    struct disk *disk = *state;

    for (size_t i = 0; i < CP_COUNT(words); i++) {
        struct cp_part_view part = plain_part("psst");
        struct cp_turn turn = post_turn(&part, KEY);

        part.visibility = words[i];
        assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_REJECTED);
        assert_int_equal(disk->reads + disk->prepares + disk->publishes, 0);
    }
}

static void what_xml_can_not_hold_is_left_out(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("a\x01\x0b\x1f\x7f"
                                          "b\xef\xbf\xbf"
                                          "c\xff\xc3"
                                          "d\r\n]]>\te");

    assert_int_equal(post_at(disk, part.text, KEY, NOON), CP_VERDICT_ACCEPTED);
    assert_in_file(disk, "feed.atom",
                   ">a\x7f"
                   "bcd&#13;\n]]&gt;\te</content>");
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
}

static void a_title_is_the_first_line_or_the_warning(void **state)
{
    static const struct {
        const char *text, *warning, *title;
    } rows[] = {
        { "\n Short\nand more", NULL, "<title>Short</title>" },
        { "Spoiler", "About an ending", "<title>About an ending</title>" },
        { "1234567890 1234567890 1234567890 1234567890 1234567890 1234567890 1234567890 "
          "1234567890 1234567890",
          NULL,
          "<title>1234567890 1234567890 1234567890 1234567890 1234567890 1234567890 "
          "1234567890…</title>" },
        { "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé",
          NULL,
          "<title>éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"
          "…</title>" },
    };
    struct disk *disk = *state;

    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct cp_part_view part = plain_part(rows[i].text);
        char key[16];
        struct cp_turn turn;

        snprintf(key, sizeof(key), "key-%zu", i);
        turn = post_turn(&part, key);
        part.warning = rows[i].warning;
        forget(disk);
        assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
        assert_in_file(disk, "feed.atom", rows[i].title);
    }
}

/* ---- hostile files ----------------------------------------------------------------------------- */

#define HEAD "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>" OWNER "</id>"

static const struct {
    const char *name, *file;
} hostile[] = {
    { "empty", "" },
    { "not XML", "hello" },
    { "cut off", HEAD "<title>x</title><entry><id>urn:" },
    { "another language", "<rss version=\"2.0\"><channel/></rss>" },
    { "without a namespace", "<feed><id>" OWNER "</id></feed>" },
    { "without an id", "<feed xmlns=\"http://www.w3.org/2005/Atom\"/>" },
    { "of another ledger",
      "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:camp-post:feed:other</id></feed>" },
    { "a document type", "<!DOCTYPE feed SYSTEM \"http://127.0.0.1:1/x\">" HEAD "</feed>" },
    { "an entity from a file", "<!DOCTYPE feed [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" HEAD
                               "<title>&x;</title></feed>" },
    { "entities of entities",
      "<!DOCTYPE feed [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
      "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">"
      "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\">"
      "<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;\">]>" HEAD "<title>&g;</title></feed>" },
};

static void a_file_that_is_not_our_feed_stops_everything(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Hello");

    for (size_t i = 0; i < CP_COUNT(hostile); i++) {
        struct cp_turn who = { .purpose = CP_WHO_AM_I, .wire_key = "r", .account_id = OWNER };
        char *after;

        disk_write(disk, "feed.atom", hostile[i].file, strlen(hostile[i].file));
        if (post_at(disk, "Hello", KEY, NOON) != CP_VERDICT_MISCONFIGURED ||
            look_up(disk, &part, NULL, NULL) != CP_VERDICT_MISCONFIGURED)
            fail_msg("taken: %s", hostile[i].name);
        forget(disk);
        if (run(disk, &who, NULL) != CP_VERDICT_MISCONFIGURED)
            fail_msg("taken: %s", hostile[i].name);
        after = disk_read(disk, "feed.atom", NULL);
        assert_string_equal(after, hostile[i].file);
        free(after);
    }
}

static void a_file_of_ten_megabytes_is_read_or_refused_and_nothing_else(void **state)
{
    struct disk *disk = *state;
    struct cp_buffer file = { 0 };
    enum cp_verdict_kind kind;

    cp_buffer_puts(&file, HEAD "<updated>2022-01-01T00:00:00Z</updated>");
    while (file.size < 10 << 20)
        cp_buffer_puts(&file, "<entry><id>urn:x</id><content>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                              "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</content></entry>");
    cp_buffer_puts(&file, "</feed>");
    disk_write(disk, "feed.atom", file.data, file.size);
    kind = post_at(disk, "Hello", KEY, NOON);
    assert_int_equal(kind, CP_VERDICT_ACCEPTED);
    assert_int_equal(occurrences(disk, "feed.atom", "<entry"), 1000);
    cp_buffer_clear(&file);
    cp_buffer_puts(&file, HEAD);
    for (int i = 0; i < 100000; i++)
        cp_buffer_puts(&file, "<a>");
    disk_write(disk, "feed.atom", file.data, file.size);
    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_MISCONFIGURED);
    cp_buffer_release(&file);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Whatever a broken disk or a wrong hand makes of the file: read, refused or compared, never followed. */
static void a_damaged_feed_is_refused_or_read(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = part_with_media(pictures);
    struct cp_turn turn = post_turn(&part, KEY);
    uint32_t seed = 1;
    char *feed, *copy;
    size_t size;
    unsigned kinds[16] = { 0 };

    part.warning = "Careful";
    turn.parent_id = "urn:camp-post:parent";
    assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
    feed = disk_read(disk, "feed.atom", &size);
    copy = malloc(size);
    for (int i = 0; i < 600; i++) {
        size_t cut = i % 3 ? size : next_random(&seed) % size;

        memcpy(copy, feed, size);
        for (uint32_t k = next_random(&seed) % 4; k > 0; k--)
            copy[next_random(&seed) % size] = "<>&;\"'/\0\xff \nx"[next_random(&seed) % 12];
        disk_write(disk, "feed.atom", copy, cut);
        kinds[look_up(disk, &part, i % 2 ? NULL : "urn:camp-post:" KEY, NULL)]++;
    }
    assert_true(kinds[CP_VERDICT_MISCONFIGURED] > 100);
    assert_true(kinds[CP_VERDICT_ACCEPTED] > 20);
    assert_int_equal(kinds[CP_VERDICT_RETRY] + kinds[CP_VERDICT_REJECTED], 0);
    free(copy);
    free(feed);
}

static void what_others_put_into_the_feed_stays(void **state)
{
    static const char file[] =
        "<?xml version=\"1.0\"?>\n" HEAD "<!-- kept --><x:y xmlns:x=\"urn:x\" a=\"1\"/>"
        "<title>t</title><updated>2022-01-01T00:00:00Z</updated>"
        "<entry><id>urn:other</id><published>2022-02-15T12:00:00Z</published>"
        "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">  <b>b</b> c</div>"
        "</content></entry></feed>\n";
    struct disk *disk = *state;

    disk_write(disk, "feed.atom", file, sizeof(file) - 1);
    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    assert_in_file(disk, "feed.atom", "<!-- kept --><x:y xmlns:x=\"urn:x\" a=\"1\"/>");
    assert_in_file(disk, "feed.atom", "<div xmlns=\"http://www.w3.org/1999/xhtml\">  <b>b</b> c");
}

/* ---- who we are -------------------------------------------------------------------------------- */

static void a_new_feed_gets_a_name_of_its_own_and_keeps_it(void **state)
{
    struct disk *disk = *state;
    struct cp_turn turn = { .purpose = CP_WHO_AM_I,
                            .wire_key = "0123456789012345678901234567890123456789012" };
    static const char *const taken[] = { "urn:camp-post:x" };
    char id[400];

    assert_int_equal(run(disk, &turn, id), CP_VERDICT_ACCEPTED);
    assert_string_equal(id, OWNER);
    turn.account_id = OWNER;
    turn.wire_key = "another";
    assert_int_equal(run(disk, &turn, id), CP_VERDICT_ACCEPTED);
    assert_string_equal(id, OWNER);
    turn.taken = taken;
    turn.taken_count = 1;
    assert_int_equal(run(disk, &turn, id), CP_VERDICT_MISCONFIGURED);
    assert_non_null(strstr(id, "'feed.atom' is missing although posts were published"));
    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    forget(disk);
    assert_int_equal(run(disk, &turn, id), CP_VERDICT_ACCEPTED);
    turn.account_id = NULL;
    assert_int_equal(run(disk, &turn, id), CP_VERDICT_MISCONFIGURED);
    assert_non_null(strstr(id, "belongs to another ledger"));
}

static void a_link_that_is_no_address_is_told(void **state)
{
    struct disk *disk = *state;
    struct cp_turn turn = { .purpose = CP_WHO_AM_I, .wire_key = "r" };
    char reason[400];

    disk_set(disk, "link", "javascript:alert(1)");
    assert_int_equal(run(disk, &turn, reason), CP_VERDICT_MISCONFIGURED);
    assert_non_null(strstr(reason, "'link' must be an address"));
}

static void facts_are_known_without_a_request(void **state)
{
    struct disk *disk = *state;
    struct cp_turn turn = { .purpose = CP_FACTS };
    struct outcome outcome = disk_run(disk, &turn);

    assert_int_equal(outcome.answer.verdict.kind, CP_VERDICT_ACCEPTED);
    assert_non_null(strstr(outcome.answer.verdict.facts, "\"native\""));
    assert_int_equal(disk->reads, 0);
    cp_answer_release(&outcome.answer);
}

/* ---- looking up -------------------------------------------------------------------------------- */

static void a_look_up_tells_there_absent_and_different_apart(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view hello = plain_part("Hello"), other = plain_part("Hallo"), both[2];
    struct cp_turn turn = post_turn(&other, KEY);
    char reason[400];

    assert_int_equal(look_up(disk, &hello, NULL, NULL), CP_VERDICT_ABSENT);
    assert_int_equal(post_at(disk, "Other", "another", NOON), CP_VERDICT_ACCEPTED);
    assert_int_equal(look_up(disk, &hello, NULL, NULL), CP_VERDICT_ABSENT);
    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    assert_int_equal(look_up(disk, &hello, NULL, reason), CP_VERDICT_ACCEPTED);
    assert_string_equal(reason, "urn:camp-post:" KEY);
    assert_int_equal(look_up(disk, &other, NULL, NULL), CP_VERDICT_DIFFERENT);
    assert_int_equal(look_up(disk, &other, "urn:camp-post:" KEY, reason), CP_VERDICT_ACCEPTED);
    assert_string_equal(reason, "the text is another one");
    both[0] = other;
    both[1] = hello;
    turn.purpose = CP_LOOK_UP;
    turn.tried = both;
    turn.tried_count = 2;
    forget(disk);
    assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
}

static void every_difference_is_seen(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = part_with_media(pictures), changed[7];
    struct cp_media_view other_alt[2] = { pictures[0], pictures[1] },
                         swapped[2] = { pictures[1], pictures[0] };
    struct cp_turn turn = post_turn(&part, KEY);

    part.warning = "Careful";
    assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
    for (size_t i = 0; i < CP_COUNT(changed); i++)
        changed[i] = part;
    other_alt[1].alt = "x";
    changed[0].text = "Look ";
    changed[1].warning = NULL;
    changed[2].warning = "careful";
    changed[3].media_count = 1;
    changed[4].media = other_alt;
    changed[5].media = swapped;
    changed[6].language = "es";
    for (size_t i = 0; i < CP_COUNT(changed); i++)
        if (look_up(disk, &changed[i], NULL, NULL) != CP_VERDICT_DIFFERENT)
            fail_msg("change %zu is not seen", i);
}

static void a_feed_that_is_gone_says_nothing_about_its_posts(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Hello");

    assert_int_equal(look_up(disk, &part, "urn:camp-post:" KEY, NULL), CP_VERDICT_MISCONFIGURED);
    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
    disk_remove(disk, "feed.atom");
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_MISCONFIGURED);
    assert_int_equal(post_at(disk, "Next", "next", NOON), CP_VERDICT_MISCONFIGURED);
    assert_int_equal(disk->publishes, 0);
}

static void what_was_pushed_out_is_not_called_absent(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Old");
    char reason[400];

    disk_set(disk, "entries", "10");
    for (int i = 1; i <= 10; i++) {
        char key[32];

        snprintf(key, sizeof(key), "key-%02d", i);
        assert_int_equal(post_at(disk, "x", key, NOON + i * CP_MINUTE), CP_VERDICT_ACCEPTED);
    }
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_UNKNOWN);
    assert_int_equal(look_up(disk, &part, "urn:camp-post:" KEY, reason), CP_VERDICT_ACCEPTED);
    assert_non_null(strstr(reason, "pushed it out"));
}

/* ---- the page ---------------------------------------------------------------------------------- */

static void the_page_is_made_once_for_each_feed(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Hello");

    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
    assert_int_equal(disk->prepares, 1);
    assert_in_file(disk, "index.html", "Hello</p>");
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
    assert_int_equal(disk->prepares, 0);
    assert_int_equal(post_at(disk, "More", "more", NOON + CP_HOUR), CP_VERDICT_ACCEPTED);
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
    assert_int_equal(disk->prepares, 1);
    assert_in_file(disk, "index.html", "More</p>");
}

/* While this look-up writes its page, another post is published and its own look-up runs whole. */
static void meanwhile(struct disk *disk, const struct cp_request *request)
{
    struct cp_part_view part = plain_part("Late");
    struct cp_turn turn = post_turn(&part, "late");
    struct disk other = *disk;

    if (request->step != CP_STEP_PREPARE)
        return;
    disk->before = NULL;
    other.before = NULL;
    other.checkpoint = NULL;
    assert_int_equal(run(&other, &turn, NULL), CP_VERDICT_ACCEPTED);
    turn.purpose = CP_LOOK_UP;
    forget(&other);
    assert_int_equal(run(&other, &turn, NULL), CP_VERDICT_ACCEPTED);
    forget(&other);
    assert_in_file(disk, "index.html", "Late</p>");
}

static void an_old_page_that_is_written_late_is_made_anew(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("Hello");

    assert_int_equal(post_at(disk, "Hello", KEY, NOON), CP_VERDICT_ACCEPTED);
    disk->before = meanwhile;
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
    assert_int_equal(disk->prepares, 2);
    assert_in_file(disk, "index.html", "Late</p>");
    assert_in_file(disk, "index.html", "Hello</p>");
}

static void the_page_escapes_all_that_comes_from_a_post(void **state)
{
    static const struct cp_media_view evil = {
        .sha256 = DIGEST, .type = "image/png", .alt = "\"><script>alert(4)</script>", .size = 1
    };
    static const struct cp_entity tag = { CP_ENTITY_TAG, 41, 45 };
    struct disk *disk = *state;
    struct cp_part_view part = plain_part("<script>alert(1)</script> 'x' & \"y\" see: #tag "
                                          "(https://a.example/?a=1&b=<x>). And\nnext\n\nlast");
    struct cp_turn turn = post_turn(&part, KEY);

    part.warning = "<b>warning</b>";
    part.language = "\"><x>";
    part.media = &evil;
    part.media_count = 1;
    part.entities = &tag;
    part.entity_count = 1;
    turn.title = "</title><script>alert(2)</script>";
    assert_int_equal(run(disk, &turn, NULL), CP_VERDICT_ACCEPTED);
    assert_int_equal(look_up(disk, &part, NULL, NULL), CP_VERDICT_ACCEPTED);
    assert_not_in_file(disk, "index.html", "<script");
    assert_not_in_file(disk, "index.html", "<x>");
    assert_not_in_file(disk, "index.html", "<b>");
    assert_in_file(disk, "index.html",
                   "<summary dir=\"auto\">&lt;b&gt;warning&lt;/b&gt;</summary>");
    assert_in_file(disk, "index.html", "<b class=\"tag\">#tag</b>");
    assert_in_file(disk, "index.html",
                   "(<a href=\"https://a.example/?a=1&amp;b=\" rel=\"noopener\">");
    assert_in_file(disk, "index.html", "And<br>next</p>");
    assert_in_file(disk, "index.html", "<p dir=\"auto\">last</p>");
}

/* ---- the walk ---------------------------------------------------------------------------------- */

static void a_plan_can_show_every_request(void **state)
{
    struct disk *disk = *state;
    struct cp_part_view part = part_with_media(pictures);
    struct cp_turn turn = post_turn(&part, KEY);
    struct cp_error err = { 0 };
    json_t *list;

    turn.account_id = NULL;
    turn.part_number = 2;
    turn.due_us = CP_NEVER;
    list = cp_adapter_requests(disk->feed, &disk->settings, &turn, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(json_array_size(list), 4);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "body")),
                        "‹media " DIGEST ", 69 bytes›");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 3), "step")),
                        "publish");
    json_decref(list);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(a_post_is_an_entry_of_the_feed),
        ON_DISK(with_a_link_people_are_told_where_to_look),
        ON_DISK(media_are_there_before_the_entry_names_them),
        ON_DISK(a_crash_after_any_step_leads_to_one_entry),
        ON_DISK(the_same_key_twice_is_one_entry),
        ON_DISK(another_content_does_not_replace_what_is_published),
        ON_DISK(entries_stand_newest_first),
        ON_DISK(the_oldest_leave_a_full_feed_but_never_the_new_one),
        ON_DISK(a_feed_never_grows_beyond_what_can_be_read_again),
        ON_DISK(a_reply_names_what_it_answers),
        ON_DISK(a_post_for_some_people_only_is_refused),
        ON_DISK(what_xml_can_not_hold_is_left_out),
        ON_DISK(a_title_is_the_first_line_or_the_warning),
        ON_DISK(a_file_that_is_not_our_feed_stops_everything),
        ON_DISK(a_file_of_ten_megabytes_is_read_or_refused_and_nothing_else),
        ON_DISK(a_damaged_feed_is_refused_or_read),
        ON_DISK(what_others_put_into_the_feed_stays),
        ON_DISK(a_new_feed_gets_a_name_of_its_own_and_keeps_it),
        ON_DISK(a_link_that_is_no_address_is_told),
        ON_DISK(facts_are_known_without_a_request),
        ON_DISK(a_look_up_tells_there_absent_and_different_apart),
        ON_DISK(every_difference_is_seen),
        ON_DISK(a_feed_that_is_gone_says_nothing_about_its_posts),
        ON_DISK(what_was_pushed_out_is_not_called_absent),
        ON_DISK(the_page_is_made_once_for_each_feed),
        ON_DISK(an_old_page_that_is_written_late_is_made_anew),
        ON_DISK(the_page_escapes_all_that_comes_from_a_post),
        ON_DISK(a_plan_can_show_every_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

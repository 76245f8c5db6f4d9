/* tests/schedule/test_schedule.c - good schedules, and what becomes of them. */
#include <sys/stat.h>

#include "schedule_test.h"

#define HEAD "campaign: {id: a, zone: UTC, languages: [en, es]}\n"

static const struct cp_post *find_post(const struct cp_campaign *campaign, const char *id)
{
    for (size_t i = 0; i < campaign->post_count; i++) {
        if (strcmp(campaign->posts[i].id, id) == 0)
            return &campaign->posts[i];
    }
    fail_msg("no post '%s'", id);
    return NULL;
}

static const char *text_of(const struct cp_texts *texts, const char *language)
{
    const struct cp_translation *found = cp_texts_find(texts, language);

    assert_non_null(found);
    return found->text;
}

static void check_head(const struct cp_campaign *campaign)
{
    assert_string_equal(campaign->id, "free-assange-now");
    assert_string_equal(campaign->was, "free-assange");
    assert_string_equal(campaign->title, "Free Assange NOW");
    assert_string_equal(campaign->zone, "Europe/London");
    assert_int_equal(campaign->language_count, 3);
    assert_string_equal(campaign->languages[2], "pt");
    assert_true(campaign->send_by_us == 2 * CP_HOUR);
    assert_string_equal(campaign->source, "good/free.yaml");
    assert_int_equal(campaign->at.line, 3);
    assert_int_equal(campaign->at.column, 3);
    assert_int_equal(campaign->organisation_count, 2);
    assert_string_equal(cp_campaign_organisation(campaign, "org-mexico")->zone,
                        "America/Mexico_City");
}

static void check_event(const struct cp_campaign *campaign)
{
    const struct cp_calendar_event *event = &campaign->events[0];

    assert_int_equal(campaign->event_count, 1);
    assert_string_equal(event->id, "tribunal");
    assert_int_equal(event->start.local.hour, 20);
    assert_int_equal(event->end.local.minute, 30);
    assert_string_equal(event->zone, "Europe/Madrid");
    assert_string_equal(event->place, "Old Bailey");
    assert_string_equal(event->url, "https://tribunal.example/");
    assert_string_equal(text_of(&event->title, "es"), "El tribunal");
}

static void check_statement(const struct cp_post *post)
{
    const struct cp_medium *medium = &post->messages[0].media[0];

    assert_int_equal(post->when, CP_WHEN_AT);
    assert_int_equal(post->at_time.local.day, 15);
    assert_int_equal(post->at_time.choose, CP_CHOOSE_NONE);
    assert_string_equal(post->was, "first");
    assert_string_equal(post->visibility, "unlisted");
    assert_true(post->missing_skip);
    assert_int_equal(post->to_count, 0);
    assert_true(post->send_by_us == 0);
    assert_int_equal(post->messages[0].media_count, 1);
    assert_string_equal(medium->file, "poster.png");
    assert_string_equal(medium->path, "good/poster.png");
    assert_string_equal(medium->type, "image/png");
    assert_int_equal(medium->width, 4);
    assert_int_equal(medium->height, 3);
    assert_int_equal(strlen(medium->sha256), 64);
    assert_string_equal(text_of(&medium->alt, "en"), "a poster");
}

static void check_others(const struct cp_campaign *campaign)
{
    const struct cp_post *countdown = find_post(campaign, "countdown");
    const struct cp_post *why = find_post(campaign, "why");
    const struct cp_post *verdict = find_post(campaign, "verdict");

    assert_ptr_equal(countdown->event, &campaign->events[0]);
    assert_int_equal(countdown->offset_count, 3);
    assert_true(countdown->offsets[0].span.days == -10);
    assert_true(countdown->offsets[2].span.us == -2 * CP_HOUR);
    assert_int_equal(countdown->to_count, 2);
    assert_int_equal(countdown->to[1].kind, CP_SELECT_TAG);
    assert_string_equal(text_of(&countdown->messages[0].text, "en"),
                        "Two lines,\nand no blank ends.");
    assert_int_equal(why->at_time.choose, CP_CHOOSE_LATER);
    assert_int_equal(why->at_time.local.second, 15);
    assert_int_equal(why->message_count, 2);
    assert_int_equal(why->messages[0].media_count, 1);
    assert_int_equal(why->to_count, 5);
    assert_int_equal(why->to[4].kind, CP_SELECT_ALL);
    assert_string_equal(text_of(&why->warning, "en"), "long");
    assert_int_equal(verdict->when, CP_WHEN_STANDBY);
    assert_string_equal(text_of(&verdict->messages[0].text, "pt"), "Livre!");
}

static void a_schedule_says_everything_once(void **state)
{
    struct fixture f;
    struct cp_campaign *campaign;

    (void)state;
    assert_int_equal(chdir(DATA), 0);
    fixture_open(&f);
    f.config = read_config(&f, "accounts.yaml");
    campaign = read_schedule(&f, "good/free.yaml");
    assert_non_null(campaign);
    assert_int_equal(f.diagnostics.count, 0);
    check_head(campaign);
    check_event(campaign);
    check_statement(find_post(campaign, "statement"));
    check_others(campaign);
    fixture_close(&f);
}

/* What the core schema makes of plain words, told by what the reader says that it found. */
static void plain_words_are_typed_by_the_core_schema(void **state)
{
    static const struct {
        const char *written, *found;
    } rows[] = {
        { "no", NULL },
        { "yes", NULL },
        { "0b11", NULL },
        { "1_000", NULL },
        { "1e", NULL },
        { ".", NULL },
        { "+", NULL },
        { "12:30", NULL },
        { "'5'", NULL },
        { "nUll", NULL },
        { "017", "the number 017" },
        { "-5", "the number -5" },
        { "0x1F", "the number 0x1F" },
        { "0o17", "the number 0o17" },
        { "1.5e3", "the number 1.5e3" },
        { ".5", "the number .5" },
        { "-.inf", "the number -.inf" },
        { ".NaN", "the number .NaN" },
        { "True", "the truth value True" },
        { "~", "nothing" },
        { "Null", "nothing" },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;
        char text[300];

        fixture_open(&f);
        snprintf(text, sizeof(text), HEAD "posts: [{id: a, standby: true, text: %s}]\n",
                 rows[i].written);
        assert_int_equal(read_schedule_text(&f, "x.yaml", text) != NULL, rows[i].found == NULL);
        if (rows[i].found && !strstr(f.diagnostics.items[0].message, rows[i].found))
            fail_msg("'%s': %s", rows[i].written, f.diagnostics.items[0].message);
        fixture_close(&f);
    }
}

static void json_is_read_with_its_surrogate_pairs(void **state)
{
    static const char json[] =
        "{\"campaign\": {\"id\": \"a\", \"zone\": \"UTC\", \"languages\": [\"en\"]},\n"
        "\"posts\": [{\"id\":\"a\",\"standby\":true,\"text\":\"\\ud83d\\ude00 \\\\ud83d "
        "\\u00e9\"},\n"
        "  {\"id\": \"b\", \"text\": \"\\uD83D\\uDE00\\ud83d\\ude00\", \"standby\": 5}]}\n";
    struct fixture f;
    struct cp_campaign *campaign;
    char *good;

    (void)state;
    fixture_open(&f);
    assert_null(read_schedule_text(&f, "x.JSON", json));
    assert_int_equal(f.diagnostics.count, 1);
    assert_int_equal(f.diagnostics.items[0].line, 3);
    assert_int_equal(f.diagnostics.items[0].column, 62);
    fixture_close(&f);

    fixture_open(&f);
    good = strdup(json);
    strcpy(strstr(good, ",\n  {\"id\": \"b\""), "]}");
    campaign = read_schedule_text(&f, "x.json", good);
    assert_non_null(campaign);
    assert_string_equal(text_of(&campaign->posts[0].messages[0].text, "en"),
                        "\xF0\x9F\x98\x80 \\ud83d \xC3\xA9");
    free(good);
    fixture_close(&f);
}

static void places_count_characters_and_editors_lines(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
    } rows[] = {
        { HEAD "posts: [{id: a, standby: true, text: \"ää😀\", x: 1}]\n", 2, 45 },
        { "\xEF\xBB\xBF"
          "x: 1\n" HEAD,
          1, 1 },
        { "campaign: {id: a, zone: UTC, languages: [en]}\r\nx: 1\r\n", 2, 1 },
        { HEAD "# ä ä ä\nposts: [{id: a, standby: true, text: 'ä'}]\nx: 1\n", 4, 1 },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;

        fixture_open(&f);
        assert_null(read_schedule_text(&f, "x.yaml", rows[i].text));
        assert_int_equal(f.diagnostics.count, 1);
        assert_int_equal(f.diagnostics.items[0].line, rows[i].line);
        assert_int_equal(f.diagnostics.items[0].column, rows[i].column);
        fixture_close(&f);
    }
}

static void a_folder_is_one_campaign_in_the_order_of_names(void **state)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        { "s/b.yaml", HEAD "posts: [{id: two, relative: {event: e, offsets: 0s}, text: x}]\n" },
        { "s/a.json", "{\"posts\": [{\"id\": \"one\", \"standby\": true, \"text\": \"x\"}]}" },
        { "s/c.yml", "events: {e: {start: 2022-02-25 20:00}}\nposts: [{id: three, standby: true, "
                     "text: x}]\n" },
        { "s/.hidden.yaml", "nonsense" },
        { "s/notes.txt", "nonsense" },
    };
    struct fixture f;
    struct cp_campaign *campaign;
    char folder[40];

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    assert_int_equal(mkdir("s", 0700), 0);
    for (size_t i = 0; i < CP_COUNT(files); i++)
        write_file(files[i].name, files[i].text, strlen(files[i].text));
    campaign = read_schedule(&f, "s");
    assert_non_null(campaign);
    assert_int_equal(campaign->post_count, 3);
    assert_string_equal(campaign->posts[0].id, "one");
    assert_string_equal(campaign->posts[2].id, "three");
    assert_string_equal(campaign->posts[1].at.file, "s/b.yaml");
    assert_string_equal(campaign->source, "s");
    write_file("s/d.yaml", HEAD "posts: [{id: two, standby: true, text: x}]\n", strlen(HEAD) + 43);
    assert_null(read_schedule(&f, "s"));
    assert_int_equal(f.diagnostics.count, 1);
    assert_string_equal(f.diagnostics.items[0].message,
                        "a second 'campaign' block: first in s/b.yaml:1:11");
    leave_folder(folder);
    fixture_close(&f);
}

static void one_id_in_two_files_is_told_with_both(void **state)
{
    static const char post[] = "posts: [{id: two, standby: true, text: x}]\n";
    struct fixture f;
    char folder[40];

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    write_file("a.yaml", HEAD, strlen(HEAD));
    write_file("b.yaml", post, strlen(post));
    write_file("c.yaml", post, strlen(post));
    assert_null(read_schedule(&f, "."));
    assert_int_equal(f.diagnostics.count, 1);
    assert_string_equal(f.diagnostics.items[0].file, "./c.yaml");
    assert_string_equal(f.diagnostics.items[0].message,
                        "the post 'two' is here twice: first in ./b.yaml:1:14");
    leave_folder(folder);
    fixture_close(&f);
}

static void an_alias_stands_for_what_it_names(void **state)
{
    struct fixture f;
    struct cp_campaign *campaign;

    (void)state;
    fixture_open(&f);
    campaign =
        read_schedule_text(&f, "x.yaml",
                           HEAD "posts:\n  - {id: a, standby: true, text: &t {en: x, es: y}}\n"
                                "  - {id: b, standby: true, text: *t}\n");
    assert_non_null(campaign);
    assert_string_equal(text_of(&campaign->posts[1].messages[0].text, "es"), "y");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schedule_says_everything_once),
        cmocka_unit_test(plain_words_are_typed_by_the_core_schema),
        cmocka_unit_test(json_is_read_with_its_surrogate_pairs),
        cmocka_unit_test(places_count_characters_and_editors_lines),
        cmocka_unit_test(a_folder_is_one_campaign_in_the_order_of_names),
        cmocka_unit_test(one_id_in_two_files_is_told_with_both),
        cmocka_unit_test(an_alias_stands_for_what_it_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

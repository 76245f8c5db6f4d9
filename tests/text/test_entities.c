/* tests/text/test_entities.c - rows are a text and, in brackets, what is found in it. */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "text/text.h"

struct row {
    const char *text, *found; /* "L[…] M[…] T[…]" */
};

static const struct row links[] = {
    { "", "" },
    { "nothing here", "" },
    { "https://example.com", "L[https://example.com]" },
    { "HTTPS://EXAMPLE.COM/Path", "L[HTTPS://EXAMPLE.COM/Path]" },
    { "see http://example.com.", "L[http://example.com]" },
    { "(http://example.com/a)", "L[http://example.com/a]" },
    { "http://example.com/a_(b)", "L[http://example.com/a_(b)]" },
    { "http://example.com/a_(b_(c)_d)_e.", "L[http://example.com/a_(b_(c)_d)_e]" },
    { "http://example.com/a(b(c(d)))", "L[http://example.com/a]" },
    { "http://example.com/()", "L[http://example.com/]" },
    { "http://example.com/a?b=c&d=e!", "L[http://example.com/a?b=c&d=e]" },
    { "http://example.com?x=1", "L[http://example.com?x=1]" },
    { "http://example.com?!", "L[http://example.com]" },
    { "http://example.com#part", "L[http://example.com]" },
    { "http://example.com/#part", "L[http://example.com/#part]" },
    { "http://example.com:8080/x", "L[http://example.com:8080/x]" },
    { "http://example.com: then", "L[http://example.com]" },
    { "http://example.com/a, http://example.org/b;",
      "L[http://example.com/a] L[http://example.org/b]" },
    { "\xe2\x80\x9chttp://example.com/x\xe2\x80\x9d", "L[http://example.com/x\xe2\x80\x9d]" },
    { "http://example.com/\xe6\x97\xa5\xe6\x9c\xac",
      "L[http://example.com/\xe6\x97\xa5\xe6\x9c\xac]" },
    { "\xe6\x97\xa5http://example.com\xe6\x97\xa5", "L[http://example.com]" },
    { "http://example.com.unknowntld/x", "L[http://example.com]" },
    { "http://example.unknowntld/x", "" },
    { "http://localhost/x", "" },
    { "http://127.0.0.1/x", "" },
    { "http://example.comx", "" },
    { "http://example.com@evil", "" },
    { "http://example.com-x", "" },
    { "http://foo_bar.com", "" },
    { "http://foo_bar.example.com", "L[http://foo_bar.example.com]" },
    { "http://-a.com", "" },
    { "http://a-.com", "" },
    { "http://a..com", "" },
    { "http://xn--nxasmq6b.xn--jxalpdlp", "L[http://xn--nxasmq6b.xn--jxalpdlp]" },
    { "http://\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84/x",
      "L[http://\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84/x]" },
    { "http://\xf0\x9f\x92\xa9.la", "" },
    { "ftp://example.com", "" },
    { "gemini://example.com/x", "L[gemini://example.com/x]" },
    { "example.com", "" },
    { "example.com/http://example.org", "" },
    { "\xef\xbd\x97.com//http://example.org", "" },
    { "xhttp://example.com", "" },
    { "1http://example.com", "" },
    { "@http://example.com", "" },
    { "$http://example.com", "" },
    { "\n$\nhttp://example.com", "L[http://example.com]" },
    { "http://", "" },
    { "http://a", "" },
    { "http://.com", "" },
    { "https://t.co/abc/def", "L[https://t.co/abc]" },
    { "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com", "" },
    { "http://a.co http://b.co", "L[http://a.co] L[http://b.co]" },
    { "<http://example.com/a>", "L[http://example.com/a]" },
    { "http://example.com/a\xc2\xa0"
      "b",
      "L[http://example.com/a]" },
};

static const struct row mentions[] = {
    { "@user", "M[@user]" },
    { "hello @user!", "M[@user]" },
    { "@user@social.example", "M[@user@social.example]" },
    { "@user@social.example.", "M[@user@social.example]" },
    { "@us.er-x@so-cial.example", "M[@us.er-x@so-cial.example]" },
    { "@user.", "M[@user]" },
    { "@user@", "" },
    { "@user@@other", "M[@other]" },
    { "mail me@example.com", "" },
    { "https://example.com/@user", "L[https://example.com/@user]" },
    { "=@user", "" },
    { "/@user", "" },
    { "(@user)", "M[@user]" },
    { "@ user", "" },
    { "@us\xc3\xa9r", "" },
    { "@user\xe6\x97\xa5", "M[@user]" },
    { "\xe6\x97\xa5@user", "" },
    { "@a @b @c", "M[@a] M[@b] M[@c]" },
    { "@user@m\xc3\xbcnchen.example", "M[@user@m\xc3\xbcnchen.example]" },
    { "@user://x", "" },
    { "http://example.com/x+@user@b.example", "L[http://example.com/x+@user@b.example]" },
};

static const struct row tags[] = {
    { "#tag", "T[#tag]" },
    { "a #tag, b", "T[#tag]" },
    { "a#tag", "" },
    { "(#tag)", "" },
    { "##tag", "" },
    { "#2022", "" },
    { "#2022a", "T[#2022a]" },
    { "#a", "T[#a]" },
    { "#1_2", "T[#1_2]" },
    { "#_", "" },
    { "#", "" },
    { "# tag", "" },
    { "#tag#other", "T[#tag]" },
    { "#one #two\n#three", "T[#one] T[#two] T[#three]" },
    { "\xef\xbc\x83tag", "T[\xef\xbc\x83tag]" },
    { "#caf\xc3\xa9", "T[#caf\xc3\xa9]" },
    { "#a\xc2\xb7"
      "b",
      "T[#a\xc2\xb7"
      "b]" },
    { "#a\xc2\xb7", "T[#a]" },
    { "#\xe6\x97\xa5\xe6\x9c\xac\xe3\x83\xbb\xe8\xaa\x9e",
      "T[#\xe6\x97\xa5\xe6\x9c\xac\xe3\x83\xbb\xe8\xaa\x9e]" },
    { "#FreeAssangeNOW!", "T[#FreeAssangeNOW]" },
    { "#\xe6\x97\xa5HTTP://localhost", "T[#\xe6\x97\xa5HTTP]" },
    { "https://example.com/ #x", "L[https://example.com/] T[#x]" },
    { "https://example.com/#x", "L[https://example.com/#x]" },
    { "#\xe6\x97\xa5http://example.com", "T[#\xe6\x97\xa5] L[http://example.com]" },
};

static const struct row plain[] = {
    { "https://example.com", "L[https://example.com]" },
    { "http://localhost:8080/x", "L[http://localhost:8080/x]" },
    { "see https://example.com/a.", "L[https://example.com/a]" },
    { "(https://example.com/a)", "L[https://example.com/a]" },
    { "https://example.com/a_(b)", "L[https://example.com/a_(b)]" },
    { "https://example.com/a?b=c#d, and", "L[https://example.com/a?b=c#d]" },
    { "https://", "" },
    { "https://.", "" },
    { "https:///x", "" },
    { "xhttps://example.com", "" },
    { "javascript://example.com", "" },
    { "<https://example.com>", "L[https://example.com]" },
    { "\"https://example.com\"", "L[https://example.com]" },
    { "@user@social.example #tag", "" },
    { "https://m\xc3\xbcnchen.example/\xc3\xa9", "L[https://m\xc3\xbcnchen.example/\xc3\xa9]" },
    { "https://a.example\nhttps://b.example", "L[https://a.example] L[https://b.example]" },
};

static void check(const struct row *row, enum cp_dialect dialect)
{
    static const char letters[] = {
        [CP_ENTITY_LINK] = 'L', [CP_ENTITY_MENTION] = 'M', [CP_ENTITY_TAG] = 'T'
    };
    struct cp_arena *arena = cp_arena_create();
    struct cp_buffer found = { 0 };
    struct cp_entity *items;
    size_t count = cp_text_entities(row->text, strlen(row->text), dialect, arena, &items);

    cp_buffer_puts(&found, "");
    for (size_t i = 0; i < count; i++)
        cp_buffer_printf(&found, "%s%c[%.*s]", i ? " " : "", letters[items[i].kind],
                         (int)(items[i].end - items[i].start), row->text + items[i].start);
    if (strcmp(found.data ? found.data : "", row->found) != 0)
        fail_msg("'%s': found %s, expected %s", row->text, found.data, row->found);
    cp_buffer_release(&found);
    cp_arena_free(arena);
}

static void links_are_those_that_mastodon_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(links); i++)
        check(&links[i], CP_DIALECT_MASTODON);
}

static void mentions_are_those_that_mastodon_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(mentions); i++)
        check(&mentions[i], CP_DIALECT_MASTODON);
}

static void tags_are_those_that_mastodon_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(tags); i++)
        check(&tags[i], CP_DIALECT_MASTODON);
}

static void plain_text_has_links_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(plain); i++)
        check(&plain[i], CP_DIALECT_PLAIN);
}

/* Each would take minutes if the work grew with the square of the length. */
static void hostile_texts_take_little_time(void **state)
{
    static const char *const pieces[] = {
        "\xe4\xb8\xad",  "a.",    "(",       "http://a.co/(", "@a@b.",
        "#\xc2\xb7",     "-_",    "http://", "\xe4\xb8\xad.", "?",
        "https://a.co?", "/(a(b", "@",       "a-.com",
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(pieces); i++) {
        struct cp_arena *arena = cp_arena_create();
        struct cp_buffer text = { 0 };
        struct cp_entity *items;

        while (text.size < 60000)
            cp_buffer_puts(&text, pieces[i]);
        cp_buffer_puts(&text, " http://example.com/");
        cp_text_entities(text.data, text.size, CP_DIALECT_MASTODON, arena, &items);
        cp_text_entities(text.data, text.size, CP_DIALECT_PLAIN, arena, &items);
        cp_buffer_release(&text);
        cp_arena_free(arena);
    }
}

static void bytes_at_random_are_survived(void **state)
{
    static const char alphabet[] = "@#:/.-_()?ahtps \n\xc3\xa9\xe2\x80\x8b\xf0\x9f\xff";
    uint32_t random = 12345;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct cp_arena *arena = cp_arena_create();
        char *text = malloc(48); /* exactly sized, so that reading past the end is seen */
        struct cp_entity *items;
        size_t count;

        for (size_t i = 0; i < 48; i++) {
            random = random * 1664525 + 1013904223;
            text[i] = i < 40 && round % 2 ? "http://a.co/"[random >> 24 & 7]
                                          : alphabet[(random >> 16) % (sizeof(alphabet) - 1)];
        }
        count = cp_text_entities(text, 48, CP_DIALECT_MASTODON, arena, &items);
        for (size_t i = 0; i < count; i++) {
            assert_true(items[i].start < items[i].end && items[i].end <= 48);
            assert_true(i == 0 || items[i - 1].end <= items[i].start);
        }
        cp_text_entities(text, 48, CP_DIALECT_PLAIN, arena, &items);
        free(text);
        cp_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_those_that_mastodon_finds),
        cmocka_unit_test(mentions_are_those_that_mastodon_finds),
        cmocka_unit_test(tags_are_those_that_mastodon_finds),
        cmocka_unit_test(plain_text_has_links_alone),
        cmocka_unit_test(hostile_texts_take_little_time),
        cmocka_unit_test(bytes_at_random_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

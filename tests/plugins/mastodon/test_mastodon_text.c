/* tests/plugins/mastodon/test_mastodon_text.c - what servers make of a text, in their own styles. */
#include "cmocka_all.h"

#include "text.h"

static const char campaign[] = "Day X is near, @Press@news.example and @camp!\n\n"
                               "Read https://example.org/en/free-assange-now?x=1&y=2 …\n"
                               "#FreeAssange 😀 :blobcat: <3 & \"more\"";

static const struct {
    const char *what, *sent, *html;
    enum masto_likeness likeness;
} rows[] = {
    { "Mastodon: paragraphs, a link in pieces, a mention without domain", campaign,
      "<p>Day X is near, <span class=\"h-card\" translate=\"no\"><a "
      "href=\"https://news.example/@press\" "
      "class=\"u-url mention\">@<span>press</span></a></span> and @camp!</p><p>Read <a "
      "href=\"https://example.org/en/free-assange-now?x=1&amp;y=2\" target=\"_blank\" "
      "rel=\"nofollow "
      "noopener\" translate=\"no\"><span class=\"invisible\">https://</span><span "
      "class=\"ellipsis\">"
      "example.org/en/free-assange-no</span><span class=\"invisible\">w?x=1&amp;y=2</span></a> "
      "…<br "
      "/><a href=\"https://social.example/tags/freeassange\" class=\"mention hashtag\" "
      "rel=\"tag\">#<span>"
      "FreeAssange</span></a> 😀 :blobcat: &lt;3 &amp; &quot;more&quot;</p>",
      MASTO_SAME },
    { "GoToSocial: line breaks, numeric entities, link as typed", campaign,
      "<p>Day X is near, <span class=\"h-card\"><a href=\"https://news.example/@press\" "
      "class=\"u-url "
      "mention\" rel=\"nofollow noreferrer noopener\" "
      "target=\"_blank\">@<span>press</span></a></span> and "
      "@camp!<br><br>Read <a href=\"https://example.org/en/free-assange-now?x=1&amp;y=2\" "
      "rel=\"nofollow noreferrer noopener\" "
      "target=\"_blank\">https://example.org/en/free-assange-now?x=1&amp;"
      "y=2</a> …<br><a href=\"https://social.example/tags/freeassange\" class=\"mention hashtag\" "
      "rel=\"tag nofollow\">#<span>FreeAssange</span></a> 😀 :blobcat: &lt;3 &amp; "
      "&#34;more&#34;</p>",
      MASTO_SAME },
    { "Pleroma: no paragraphs, a custom emoji as a picture", campaign,
      "Day X is near, <span class=\"h-card\"><a class=\"u-url mention\" data-user=\"A1\" "
      "href=\"https://news.example/@press\" rel=\"ugc\">@<span>press</span></a></span> and "
      "@camp!<br/><br/>Read "
      "<a href=\"https://example.org/en/free-assange-now?x=1&amp;y=2\" rel=\"ugc\">"
      "https://example.org/en/free-assange-now?x=1&amp;y=2</a> …<br/><a class=\"hashtag\" "
      "data-tag=\"freeassange\" href=\"https://social.example/tag/freeassange\" rel=\"tag "
      "ugc\">#FreeAssange</a> "
      "😀 <img class=\"emoji\" alt=\":blobcat:\" src=\"x.png\"> &lt;3 &amp; &quot;more&quot;",
      MASTO_SAME },
    { "snac2: br at the end, ampersands as they are", "Hello & https://example.org/?a=1&b=2\n#Tag",
      "Hello & <a href=\"https://example.org/?a=1&b=2\" "
      "target=\"_blank\">https://example.org/?a=1&b=2</a>"
      "<br><a href=\"http://localhost:1?t=tag\" class=\"mention hashtag\" rel=\"tag\">#Tag</a><br>",
      MASTO_SAME },
    { "snac2: markup that its Markdown swallowed", "see *this* and `that`",
      "see <i>this</i> and <code>that</code><br>", MASTO_NEAR },
    { "typographic quotes", "She said \"free him\" - now", "<p>She said “free him” – now</p>",
      MASTO_NEAR },
    { "a link cut short for show", "https://example.org/a/very/long/path",
      "<p><a href=\"https://example.org/a/very/long/path\">example.org/a/ve…</a></p>", MASTO_SAME },
    { "what is added to a quote for older servers", "Look",
      "<p class=\"quote-inline\">RE: <a "
      "href=\"https://x.example/1\">https://x.example/1</a></p><p>Look</p>",
      MASTO_SAME },
    { "cut at the end by the server", "one two three four five six seven eight nine ten",
      "<p>one two three four five six seven</p>", MASTO_NEAR },
    { "another text", "Ten days to go", "<p>Nine days to go</p>", MASTO_OTHER },
    { "the same beginning, much less of it", "Ten days to go until the tribunal meets in Belmarsh",
      "<p>Ten days</p>", MASTO_OTHER },
    { "nothing instead of something", "Hello", "", MASTO_OTHER },
    { "nothing on both sides", "", " ", MASTO_SAME },
    { "a smile and another", "🙂", "<p>🙃</p>", MASTO_OTHER },
    { "only punctuation on either side is no likeness", "!!!", "<p>**</p>", MASTO_OTHER },
    { "a script is no text", "Hello", "<p>Hello</p><script>Hello again and again</script>",
      MASTO_SAME },
    { "broken HTML", "a b", "<p>a <b>b</p></div></b><!-- x", MASTO_SAME },
};

static void what_servers_show_is_known_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *sent = masto_plain_text(rows[i].sent), *found = masto_plain_html(rows[i].html);

        if (masto_like(sent, found) != rows[i].likeness)
            fail_msg("%s: '%s' and '%s': %d", rows[i].what, sent, found, masto_like(sent, found));
        free(sent);
        free(found);
    }
}

static const struct {
    const char *text, *plain;
} lines[] = {
    { " a\n\n b\tc  ", "a b c" },
    { "a\xc2\xa0"
      "b\xe3\x80\x80"
      "c",
      "a b c" },
    { "@Bob@social.example.", "@bob." },
    { "(@Bob@social.example:)", "(@bob:)" },
    { "me@social.example", "me@social.example" },
    { "https://social.example/@Bob@x.example", "https://social.example/@Bob@x.example" },
    { "@ alone @", "@ alone @" },
    { "@a@b @c", "@a @c" },
    { "@a@", "@a@" },
    { "", "" },
};

static void mentions_lose_their_domain_and_nothing_else_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char *plain = masto_plain_text(lines[i].text);

        assert_string_equal(plain, lines[i].plain);
        free(plain);
    }
}

static void html_of_any_depth_is_read(void **state)
{
    size_t depth = 20000;
    char *html = malloc(3 * depth + 2), *plain;

    (void)state;
    for (size_t i = 0; i < depth; i++)
        memcpy(html + 3 * i, "<b>", 3);
    strcpy(html + 3 * depth, "x");
    plain = masto_plain_html(html);
    free(plain); /* the parser may give up; it must not fall over */
    free(html);
}

static void html_beyond_a_megabyte_is_refused(void **state)
{
    char *html = malloc((2 << 20) + 1);

    (void)state;
    memset(html, 'x', 2 << 20);
    html[2 << 20] = '\0';
    assert_null(masto_plain_html(html));
    free(html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_servers_show_is_known_again),
        cmocka_unit_test(mentions_lose_their_domain_and_nothing_else_does),
        cmocka_unit_test(html_of_any_depth_is_read),
        cmocka_unit_test(html_beyond_a_megabyte_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/model/test_selectors.c */
#include "cmocka_all.h"

#include "model/config.h"

static const char *languages[] = { "es", "en" }, *tags[] = { "main", "press" };
static struct cp_account accounts[] = {
    { .id = "uk-feed", .adapter = "feed" },
    { .id = "mx",
      .organisation = "org-mexico",
      .adapter = "mastodon",
      .languages = languages,
      .language_count = 2,
      .tags = tags,
      .tag_count = 2 },
};

static const struct {
    struct cp_selector selector;
    bool mx, feed;
} rows[] = {
    { { .kind = CP_SELECT_ALL }, true, true },
    { { .kind = CP_SELECT_ACCOUNT, .name = "uk-feed" }, false, true },
    { { .kind = CP_SELECT_TAG, .name = "press" }, true, false },
    { { .kind = CP_SELECT_ORGANISATION, .name = "org-mexico" }, true, false },
    { { .kind = CP_SELECT_LANGUAGE, .name = "en" }, true, false },
    { { .kind = CP_SELECT_ADAPTER, .name = "mastodon" }, true, false },
    { { .kind = CP_SELECT_TAG, .name = "mx" }, false, false },
};

static void a_selector_matches_by_its_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        assert_int_equal(cp_selector_matches(&rows[i].selector, &accounts[1]), rows[i].mx);
        assert_int_equal(cp_selector_matches(&rows[i].selector, &accounts[0]), rows[i].feed);
    }
}

static void a_post_goes_where_any_selector_says_and_everywhere_without(void **state)
{
    struct cp_selector to[] = { rows[1].selector, rows[2].selector };
    struct cp_post post = { .to = to, .to_count = 2 };

    (void)state;
    assert_true(cp_post_goes_to(&post, &accounts[0]));
    assert_true(cp_post_goes_to(&post, &accounts[1]));
    post.to_count = 1;
    assert_false(cp_post_goes_to(&post, &accounts[1]));
    post.to_count = 0;
    assert_true(cp_post_goes_to(&post, &accounts[1]));
}

static void an_account_is_found_by_its_id(void **state)
{
    struct cp_config config = { .accounts = accounts, .account_count = 2 };

    (void)state;
    assert_ptr_equal(cp_config_account(&config, "mx"), &accounts[1]);
    assert_null(cp_config_account(&config, "org-mexico"));
}

static void the_order_of_the_account_decides_the_language(void **state)
{
    struct cp_translation items[] = { { .language = "en", .text = "hello" },
                                      { .language = "pt", .text = "olá" } };
    struct cp_texts texts = { items, 2 };
    const char *const order[] = { "es", "pt", "en" };

    (void)state;
    assert_string_equal(cp_texts_choose(&texts, order, 3)->text, "olá");
    assert_null(cp_texts_choose(&texts, order, 1));
    assert_null(cp_texts_find(&texts, "e"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_selector_matches_by_its_kind),
        cmocka_unit_test(a_post_goes_where_any_selector_says_and_everywhere_without),
        cmocka_unit_test(an_account_is_found_by_its_id),
        cmocka_unit_test(the_order_of_the_account_decides_the_language),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

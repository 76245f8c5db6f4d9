/* tests/schedule/test_config.c - the configuration: read, found, edited in place, begun. */
#include <sys/stat.h>

#include "schedule_test.h"

static void write_text(const char *path, const char *text)
{
    write_file(path, text, strlen(text));
}

static void slurp(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t n;

    assert_non_null(file);
    n = fread(out, 1, size - 1, file);
    out[n] = '\0';
    fclose(file);
}

static const char *option_of(const struct cp_account *account, const char *name)
{
    for (size_t i = 0; i < account->option_count; i++) {
        if (strcmp(account->options[i].name, name) == 0)
            return account->options[i].value;
    }
    return NULL;
}

static const char full[] =
    "schedules: [schedule, more.yaml]\n"
    "state: state\n"
    "credentials: /etc/keys\n"
    "accounts:\n"
    "  uk: {organisation: org-uk, adapter: mastodon, server: HTTPS://Social.Example:8443/,\n"
    "       languages: [en, cy], tags: [main], limits: {posts: 150/3h, settle: 200ms, spacing: "
    "0s}}\n"
    "  feed: {adapter: feed, directory: public, languages: en, was: old, page: false, entries: "
    "0x10}\n"
    "  home: {adapter: mastodon, server: 'http://127.0.0.1:8080', languages: [en], credential: "
    "key}\n"
    "notify: [{command: [mail, -s, notice]}]\n";

static void check_accounts(const struct cp_config *config, const char *folder)
{
    const struct cp_account *uk = cp_config_account(config, "uk");
    const struct cp_account *feed = cp_config_account(config, "feed");
    const struct cp_account *home = cp_config_account(config, "home");
    char path[100];

    assert_string_equal(uk->server, "https://social.example:8443");
    assert_string_equal(option_of(uk, "server"), uk->server);
    assert_string_equal(option_of(uk, "visibility"), "public");
    assert_string_equal(uk->credential, "uk");
    assert_int_equal(uk->language_count, 2);
    assert_true(uk->limits.posts == 150 && uk->limits.per_us == 3 * CP_HOUR);
    assert_true(uk->limits.settle_us == 200000 && uk->limits.spacing_us == 0);
    assert_true(uk->limits.overdue_us < 0);
    snprintf(path, sizeof(path), "%s/sub/public", folder);
    assert_string_equal(feed->directory, path);
    assert_string_equal(option_of(feed, "page"), "false");
    assert_string_equal(option_of(feed, "entries"), "16");
    assert_string_equal(feed->was, "old");
    assert_null(feed->credential);
    assert_true(feed->limits.posts < 0);
    assert_string_equal(home->server, "http://127.0.0.1:8080");
    assert_string_equal(home->credential, "key");
    assert_int_equal(uk->at.line, 5);
}

static void a_configuration_is_read_with_paths_from_its_folder(void **state)
{
    struct fixture f;
    struct cp_config *config;
    char folder[40];

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    assert_int_equal(mkdir("sub", 0700), 0);
    write_text("sub/camp-post.yaml", full);
    config = read_config(&f, "sub/camp-post.yaml");
    assert_non_null(config);
    assert_string_equal(config->path, "sub/camp-post.yaml");
    assert_int_equal(config->schedule_count, 2);
    assert_string_equal(config->schedules[1], "sub/more.yaml");
    assert_string_equal(config->state, "sub/state");
    assert_string_equal(config->credentials, "/etc/keys");
    assert_int_equal(config->notify_count, 1);
    assert_string_equal(config->notify[0].command[2], "notice");
    assert_null(config->notify[0].command[3]);
    check_accounts(config, folder);
    leave_folder(folder);
    fixture_close(&f);
}

static void folders_that_are_not_named_have_their_usual_places(void **state)
{
    static const struct {
        const char *state, *xdg, *home, *expected;
    } rows[] = {
        { "/var/lib/camp-post:/other", "/xdg", "/home/a", "/var/lib/camp-post" },
        { NULL, "/xdg", "/home/a", "/xdg/camp-post" },
        { NULL, "relative", "/home/a", "/home/a/.local/state/camp-post" },
        { NULL, NULL, "/home/a", "/home/a/.local/state/camp-post" },
    };
    char folder[40];

    (void)state;
    enter_folder(folder);
    write_text("camp-post.yaml", "accounts:\n");
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;
        struct cp_config *config;

        fixture_open(&f);
        unsetenv("STATE_DIRECTORY");
        unsetenv("XDG_STATE_HOME");
        if (rows[i].state)
            setenv("STATE_DIRECTORY", rows[i].state, 1);
        if (rows[i].xdg)
            setenv("XDG_STATE_HOME", rows[i].xdg, 1);
        setenv("HOME", rows[i].home, 1);
        config = read_config(&f, "camp-post.yaml");
        assert_non_null(config);
        assert_string_equal(config->state, rows[i].expected);
        assert_string_equal(config->credentials, "credentials");
        fixture_close(&f);
    }
    unsetenv("STATE_DIRECTORY");
    leave_folder(folder);
}

static void servers_are_origins(void **state)
{
    static const struct {
        const char *written;
        bool good;
    } rows[] = {
        { "https://a.example", true },
        { "https://a.example/", true },
        { "https://[::1]:8080", true },
        { "http://[::1]", true },
        { "http://localhost:3000", true },
        { "http://127.1.2.3", true },
        { "http://127.evil.example", false },
        { "http://localhost.evil.example", false },
        { "http://10.0.0.1", false },
        { "https://user:pw@a.example", false },
        { "https://a.example:0", false },
        { "https://a.example:70000", false },
        { "https://a.example?x", false },
        { "https://", false },
        { "https://a.example#x", false },
        { "ftp://a.example", false },
        { "https://a b", false },
        { "https://\xC3\xA4.example", false },
        { "https://[::1", false },
        { "https://[1.2.3.4]", false },
        { "https://a.example//x", false },
        { "https://-a.example", false },
        { "https://a.example:", false },
        { "https://[]", false },
    };
    char folder[40], text[300];

    (void)state;
    enter_folder(folder);
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;

        fixture_open(&f);
        snprintf(text, sizeof(text),
                 "accounts: {a: {adapter: mastodon, languages: en, server: \"%s\"}}\n",
                 rows[i].written);
        write_text("c.yaml", text);
        if ((read_config(&f, "c.yaml") != NULL) != rows[i].good)
            fail_msg("%s", rows[i].written);
        fixture_close(&f);
    }
    leave_folder(folder);
}

/* The very lines with the mistake are what a message would show. */
static void no_message_shows_a_secret(void **state)
{
    static const char *const rows[] = {
        "accounts:\n  a: {adapter: mastodon, sever: x, languages: [en], token: hunter2}\n",
        "accounts:\n  a:\n    password:\n      hunter2: x\n    tags: 5 x\n",
        "access_token: \"hunter2\n",
        "accounts: {a: {adapter: mastodon, server: 'https://me:hunter2@a.example', tags: A}}\n",
        "state: 5\nsecret: {a: hunter2, b: hunter2}\n",
    };
    char folder[40], shown[8000];

    (void)state;
    enter_folder(folder);
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;
        FILE *out = fopen("out", "w");

        fixture_open(&f);
        write_text("c.yaml", rows[i]);
        assert_null(read_config(&f, "c.yaml"));
        cp_diagnostics_print(&f.diagnostics, false, out);
        fclose(out);
        slurp("out", shown, sizeof(shown));
        assert_non_null(strstr(shown, "error: "));
        assert_null(strstr(shown, "hunter2"));
        fixture_close(&f);
    }
    leave_folder(folder);
}

static void the_configuration_is_looked_for_in_order(void **state)
{
    struct fixture f;
    struct cp_error err = { 0 };
    char folder[40], path[100];

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    setenv("HOME", folder, 1);
    unsetenv("XDG_CONFIG_HOME");
    assert_string_equal(cp_config_find("given.yaml", f.arena, NULL), "given.yaml");
    if (access("/etc/camp-post/camp-post.yaml", F_OK) != 0) {
        assert_null(cp_config_find(NULL, f.arena, &err));
        assert_non_null(strstr(err.message, ".config/camp-post/camp-post.yaml"));
    }
    assert_int_equal(mkdir(".config", 0700), 0);
    assert_int_equal(mkdir(".config/camp-post", 0700), 0);
    write_text(".config/camp-post/camp-post.yaml", "{}");
    snprintf(path, sizeof(path), "%s/.config/camp-post/camp-post.yaml", folder);
    assert_string_equal(cp_config_find(NULL, f.arena, &err), path);
    write_text("camp-post.yaml", "{}");
    assert_string_equal(cp_config_find(NULL, f.arena, &err), "camp-post.yaml");
    leave_folder(folder);
    fixture_close(&f);
}

/* ---- adding an account --------------------------------------------------------------------- */

static const char lines[] = "new:\n  adapter: mastodon\n  server: https://a.example\n";
#define NEW "  new:\n    adapter: mastodon\n    server: https://a.example\n"

static void an_account_is_added_without_touching_the_rest(void **state)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "state: s\n", "state: s\naccounts:\n" NEW },
        { "state: s", "state: s\naccounts:\n" NEW },
        { "# a\naccounts: {}  # none yet\n# b\nstate: s\n",
          "# a\naccounts:   # none yet\n" NEW "# b\nstate: s\n" },
        { "accounts:\n# here\nstate: s\n", "accounts:\n" NEW "# here\nstate: s\n" },
        { "accounts:   # soon", "accounts:   # soon\n" NEW },
        { "accounts:\n  a: {x: y} # mine\n\n# next\nstate: s\n",
          "accounts:\n  a: {x: y} # mine\n" NEW "\n# next\nstate: s\n" },
        { "accounts:\n    a:\n        b: |\n            text\n            more\n\n# c\nstate: s\n",
          "accounts:\n    a:\n        b: |\n            text\n            more\n"
          "    new:\n      adapter: mastodon\n      server: https://a.example\n\n# c\nstate: s\n" },
        { "accounts:\n  \xC3\xA4\xC3\xB6: {t: \"\xF0\x9F\x98\x80\"} # \xE2\x80\xA6\nstate: s\n",
          "accounts:\n  \xC3\xA4\xC3\xB6: {t: \"\xF0\x9F\x98\x80\"} # \xE2\x80\xA6\n" NEW
          "state: s\n" },
        { "accounts:\r\n  a: {x: y}\r\n",
          "accounts:\r\n  a: {x: y}\r\n  new:\r\n    adapter: mastodon\r\n    server: "
          "https://a.example\r\n" },
        { "\xEF\xBB\xBF"
          "accounts: {}\n",
          "\xEF\xBB\xBF"
          "accounts: \n" NEW },
    };
    char folder[40], text[1000];
    struct stat st;

    (void)state;
    enter_folder(folder);
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct cp_error err = { 0 };

        write_text("c.yaml", rows[i].before);
        assert_int_equal(chmod("c.yaml", 0640), 0);
        if (!cp_config_add_account("c.yaml", "new", lines, &err))
            fail_msg("row %zu: %s", i, err.message);
        slurp("c.yaml", text, sizeof(text));
        assert_string_equal(text, rows[i].after);
        assert_int_equal(stat("c.yaml", &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
    }
    leave_folder(folder);
}

static void where_no_place_is_sure_the_lines_are_told(void **state)
{
    static const struct {
        const char *before, *words;
    } rows[] = {
        { "{accounts: {}}\n", "put these lines under 'accounts:' by hand:\n  new:\n" },
        { "accounts: {a: {x: y}}\n", "left to people" },
        { "accounts: {\n}\n", "left to people" },
        { "accounts: [a]\n", "left to people" },
        { "accounts: {a: b}\naccounts: {}\n", "the file has errors" },
        { "accounts: [\n", "the file has errors" },
        { "accounts:\n  new: {x: y}\n", "is in" },
        { "accounts:\n  a:\n    b: |+\n      text\n\n\nstate: s\n",
          "no place where they surely fit" },
        { "base: &b {x: y}\naccounts: *b\n", "left to people" },
    };
    char folder[40], text[1000];

    (void)state;
    enter_folder(folder);
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct cp_error err = { 0 };

        write_text("c.yaml", rows[i].before);
        assert_false(cp_config_add_account("c.yaml", "new", lines, &err));
        if (!strstr(err.message, rows[i].words))
            fail_msg("row %zu: %s", i, err.message);
        slurp("c.yaml", text, sizeof(text));
        assert_string_equal(text, rows[i].before);
    }
    leave_folder(folder);
}

/* ---- beginning ----------------------------------------------------------------------------- */

static void a_new_folder_holds_a_campaign_that_reads_well(void **state)
{
    struct fixture f;
    struct cp_error err = { 0 };
    struct cp_campaign *campaign;
    char folder[40];

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    assert_true(cp_schedule_new("free-him", "America/Mexico_City", &err));
    f.config = read_config(&f, "free-him/camp-post.yaml");
    assert_non_null(f.config);
    assert_int_equal(f.config->account_count, 0);
    campaign = read_schedule(&f, f.config->schedules[0]);
    assert_non_null(campaign);
    assert_int_equal(f.diagnostics.count, 0);
    assert_string_equal(campaign->id, "free-him");
    assert_string_equal(campaign->zone, "America/Mexico_City");
    assert_string_equal(campaign->posts[0].id, "hello");
    assert_int_equal(campaign->posts[0].when, CP_WHEN_STANDBY);
    assert_false(cp_schedule_new("free-him", NULL, &err));
    assert_non_null(strstr(err.message, "is not empty"));
    assert_true(cp_config_add_account("free-him/camp-post.yaml", "new",
                                      "new:\n  adapter: mastodon\n  server: https://a.example\n"
                                      "  languages: [en]\n",
                                      NULL));
    assert_non_null(read_config(&f, "free-him/camp-post.yaml"));
    leave_folder(folder);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_is_read_with_paths_from_its_folder),
        cmocka_unit_test(folders_that_are_not_named_have_their_usual_places),
        cmocka_unit_test(servers_are_origins),
        cmocka_unit_test(no_message_shows_a_secret),
        cmocka_unit_test(the_configuration_is_looked_for_in_order),
        cmocka_unit_test(an_account_is_added_without_touching_the_rest),
        cmocka_unit_test(where_no_place_is_sure_the_lines_are_told),
        cmocka_unit_test(a_new_folder_holds_a_campaign_that_reads_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

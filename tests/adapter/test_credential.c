/* tests/adapter/test_credential.c - files with tokens: who may read them, what is in them. */
#include "cmocka_all.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/adapter.h"
#include "base/macros.h"

static int set_up(void **state)
{
    char *path = strdup("/tmp/camp-post-credential-XXXXXX");

    assert_non_null(mkdtemp(path));
    *state = path;
    return 0;
}

static int tear_down(void **state)
{
    char command[128];

    snprintf(command, sizeof(command), "chmod -R u+rwX '%s'; rm -rf '%s'", (char *)*state,
             (char *)*state);
    assert_int_equal(system(command), 0);
    free(*state);
    return 0;
}

static void put(const char *folder, const char *name, const char *text, mode_t mode)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void what_was_written_is_read_as_secrets(void **state)
{
    struct cp_error err = { 0 };
    struct cp_credential *credential;
    char folder[128], path[160];
    struct stat info;

    snprintf(folder, sizeof(folder), "%s/new", (char *)*state);
    snprintf(path, sizeof(path), "%s/uk.json", folder);
    assert_true(cp_credential_write(folder, "uk", "{\"access_token\": \"s3cret\"}", &err));
    assert_true(cp_credential_write(folder, "uk", "{\"access_token\": \"s3cret2\"}", &err));
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    credential = cp_credential_read(folder, "uk", &err);
    assert_non_null(credential);
    assert_string_equal(cp_secret_reveal(cp_credential_member(credential, "access_token")),
                        "s3cret2");
    assert_null(cp_credential_member(credential, "other"));
    assert_null(cp_credential_member(NULL, "other"));
    cp_credential_free(credential);
}

static void modes_that_let_others_in_are_refused_with_the_command(void **state)
{
    static const struct {
        mode_t folder, file;
        const char *reason; /* NULL: fine */
    } rows[] = {
        { 0700, 0600, NULL },
        { 0500, 0400, NULL },
        { 0700, 0640, "(mode 0640); run: chmod 0600 '" },
        { 0700, 0604, "run: chmod 0600 '" },
        { 0750, 0600, "the folder is open to others (mode 0750); run: chmod 0700 '" },
        { 0701, 0600, "run: chmod 0700 '" },
    };
    const char *folder = *state;

    put(folder, "uk.json", "{\"access_token\": \"s3cret\"}", 0600);
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct cp_error err = { 0 };
        struct cp_credential *credential;
        char path[160];

        snprintf(path, sizeof(path), "%s/uk.json", folder);
        chmod(folder, 0700);
        chmod(path, rows[i].file);
        chmod(folder, rows[i].folder);
        credential = cp_credential_read(folder, "uk", &err);
        if (!credential != !!rows[i].reason)
            fail_msg("row %zu: %s", i, err.message);
        if (rows[i].reason && !strstr(err.message, rows[i].reason))
            fail_msg("row %zu: %s", i, err.message);
        cp_credential_free(credential);
    }
}

static void links_are_not_followed(void **state)
{
    const char *folder = *state;
    struct cp_error err = { 0 }, second = { 0 };
    char link[160];

    put(folder, "real.json", "{\"access_token\": \"s3cret\"}", 0600);
    snprintf(link, sizeof(link), "%s/uk.json", folder);
    assert_int_equal(symlink("real.json", link), 0);
    assert_null(cp_credential_read(folder, "uk", &err));
    assert_non_null(strstr(err.message, "a symbolic link is in its place"));
    snprintf(link, sizeof(link), "%s/link", folder);
    assert_int_equal(symlink(".", link), 0);
    assert_null(cp_credential_read(link, "real", &second));
    assert_non_null(strstr(second.message, "a symbolic link is in its place"));
}

static void contents_that_are_no_credential_are_refused_without_being_quoted(void **state)
{
    static const char *const bad[] = { "",
                                       "s3cret",
                                       "[\"s3cret\"]",
                                       "{\"access_token\": \"s3cret\"",
                                       "{\"access_token\": 7}",
                                       "{\"access_token\": \"s3cret\", \"empty\": \"\"}",
                                       "{\"a\": \"s3cret\", \"a\": \"s3cret\"}" };
    const char *folder = *state;

    for (size_t i = 0; i < CP_COUNT(bad); i++) {
        struct cp_error err = { 0 };

        put(folder, "uk.json", bad[i], 0600);
        assert_null(cp_credential_read(folder, "uk", &err));
        assert_int_equal(err.code, CP_ADAPTER_CREDENTIAL);
        assert_null(strstr(err.message, "s3cret"));
    }
}

static void a_missing_one_says_how_to_get_it(void **state)
{
    struct cp_error err = { 0 }, second = { 0 };

    assert_null(cp_credential_read(*state, "uk", &err));
    assert_int_equal(err.code, CP_ADAPTER_NO_CREDENTIAL);
    assert_non_null(strstr(err.message, "run: camp-post login"));
    assert_null(cp_credential_read("/nonexistent", "uk", &second));
    assert_int_equal(second.code, CP_ADAPTER_NO_CREDENTIAL);
}

static void a_name_can_not_lead_elsewhere(void **state)
{
    static const char *const names[] = { "../uk", "a/b", "", "UK", "uk.json" };

    for (size_t i = 0; i < CP_COUNT(names); i++) {
        struct cp_error err = { 0 }, second = { 0 };

        assert_null(cp_credential_read(*state, names[i], &err));
        assert_int_equal(err.code, CP_ADAPTER_CREDENTIAL);
        assert_false(cp_credential_write(*state, names[i], "{\"a\": \"b\"}", &second));
    }
}

static void what_is_no_credential_is_not_written(void **state)
{
    struct cp_error err = { 0 };
    char path[160];

    assert_false(cp_credential_write(*state, "uk", "{\"a\": 1}", &err));
    snprintf(path, sizeof(path), "%s/uk.json", (char *)*state);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read_as_secrets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(modes_that_let_others_in_are_refused_with_the_command,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            contents_that_are_no_credential_are_refused_without_being_quoted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_one_says_how_to_get_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_can_not_lead_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_credential_is_not_written, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

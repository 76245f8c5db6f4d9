/* tests/adapter/test_load.c - real shared objects, each with one thing wrong. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/adapter.h"
#include "base/macros.h"

struct folder {
    char path[64];
    int errors; /* standard error as it was */
};

static void put(const struct folder *folder, const char *kind, const char *as, mode_t mode)
{
    char from[1024], to[1100], bytes[64 << 10];
    size_t got;
    FILE *in, *out;

    snprintf(from, sizeof(from), "%s/odd-%s.so", ODD_DIRECTORY, kind);
    snprintf(to, sizeof(to), "%s/%s", folder->path, as);
    in = fopen(from, "rb");
    out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, got, out), got);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, mode), 0);
}

static int set_up(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    strcpy(folder->path, "/tmp/camp-post-load-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -rf '%s'", folder->path);
    assert_int_equal(system(command), 0);
    free(folder);
    return 0;
}

/* Loads the folder and returns what was logged. */
static struct cp_adapters *load(struct folder *folder, char *log, size_t size)
{
    FILE *file = tmpfile();
    struct cp_error err = { 0 };
    struct cp_adapters *adapters;
    size_t got;

    assert_non_null(file);
    fflush(stderr);
    folder->errors = dup(2);
    dup2(fileno(file), 2);
    adapters = cp_adapters_load(folder->path, &err);
    fflush(stderr);
    dup2(folder->errors, 2);
    close(folder->errors);
    rewind(file);
    got = fread(log, 1, size - 1, file);
    log[got] = '\0';
    fclose(file);
    assert_non_null(adapters);
    return adapters;
}

static void an_adapter_that_fits_is_there_with_its_path(void **state)
{
    struct folder *folder = *state;
    struct cp_adapters *adapters;
    char log[4096], path[128];

    put(folder, "good", "odd.so", 0644);
    put(folder, "good", "odd.txt", 0644);
    adapters = load(folder, log, sizeof(log));
    snprintf(path, sizeof(path), "%s/odd.so", folder->path);
    assert_string_equal(log, "");
    assert_string_equal(cp_adapters_names(adapters)[0], "odd");
    assert_null(cp_adapters_names(adapters)[1]);
    assert_string_equal(cp_adapters_path(adapters, "odd"), path);
    assert_string_equal(cp_adapters_find(adapters, "odd")->name, "odd");
    assert_null(cp_adapters_find(adapters, "feed"));
    cp_adapters_free(adapters);
}

static const struct {
    const char *kind;
    mode_t mode;
    const char *reason;
} refused[] = {
    { "abi", 0644, "built for ABI 2" },
    { "small", 0644, "bytes instead of" },
    { "nameless", 0644, "lower case letters, digits and '-' 'Odd!'" },
    { "options", 0644, "not 'Server Name'" },
    { "default", 0644, "does not fit the option 'size'" },
    { "twice", 0644, "more than one option is a server" },
    { "turns", 0644, "it can't post" },
    { "facts", 0644, "'limits' must be a list" },
    { "promise", 0644, "without a look-up the guarantee can only be 'none', not 'lookup'" },
    { "without", 0644, "does not export 'camp_post_adapter'" },
    { "good", 0664, "others can write it (mode 0664); run: chmod go-w" },
    { "good", 0646, "others can write it" },
};

static void what_does_not_fit_is_refused_with_the_reason(void **state)
{
    struct folder *folder = *state;

    for (size_t i = 0; i < CP_COUNT(refused); i++) {
        struct cp_adapters *adapters;
        char log[4096], name[32], path[128];

        snprintf(name, sizeof(name), "x%zu.so", i);
        snprintf(path, sizeof(path), "%s/%s", folder->path, name);
        put(folder, refused[i].kind, name, refused[i].mode);
        adapters = load(folder, log, sizeof(log));
        if (!strstr(log, refused[i].reason) || !strstr(log, path))
            fail_msg("%s: %s", refused[i].kind, log);
        assert_null(cp_adapters_names(adapters)[0]);
        cp_adapters_free(adapters);
        unlink(path);
    }
}

static void a_folder_that_others_write_gives_nothing(void **state)
{
    struct folder *folder = *state;
    struct cp_adapters *adapters;
    char log[4096];

    put(folder, "good", "odd.so", 0644);
    chmod(folder->path, 0777);
    adapters = load(folder, log, sizeof(log));
    assert_non_null(strstr(log, "others can write it"));
    assert_null(cp_adapters_names(adapters)[0]);
    cp_adapters_free(adapters);
}

static void of_two_with_one_name_the_first_file_stays(void **state)
{
    struct folder *folder = *state;
    struct cp_adapters *adapters;
    char log[4096];

    put(folder, "good", "b.so", 0644);
    put(folder, "good", "a.so", 0644);
    adapters = load(folder, log, sizeof(log));
    assert_non_null(strstr(log, "b.so': there is an adapter 'odd' already"));
    assert_non_null(strstr(cp_adapters_path(adapters, "odd"), "/a.so"));
    cp_adapters_free(adapters);
}

static void a_folder_that_is_missing_is_an_error(void **state)
{
    struct cp_error err = { 0 };

    (void)state;
    assert_null(cp_adapters_load("/nonexistent/plugins", &err));
    assert_non_null(strstr(err.message, "'/nonexistent/plugins'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_adapter_that_fits_is_there_with_its_path, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused_with_the_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_others_write_gives_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_two_with_one_name_the_first_file_stays, set_up,
                                        tear_down),
        cmocka_unit_test(a_folder_that_is_missing_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

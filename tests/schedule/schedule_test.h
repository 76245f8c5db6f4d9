/* tests/schedule/schedule_test.h - what every test of the reader needs: memory, zones, a list, adapters. */
#ifndef CP_TESTS_SCHEDULE_TEST_H
#define CP_TESTS_SCHEDULE_TEST_H

#include "cmocka_all.h"

#include <stdio.h>
#include <unistd.h>

#include "schedule/schedule.h"

#define DATA TEST_SOURCE_DIR "/tests/schedule/data"

struct fixture {
    struct cp_arena *arena;
    struct cp_zones *zones;
    struct cp_diagnostics diagnostics;
    const struct cp_config *config;
};

static inline void fixture_open(struct fixture *f)
{
    struct cp_error err = { 0 };

    *f = (struct fixture){ .arena = cp_arena_create(), .zones = cp_zones_open(&err) };
    assert_non_null(f->arena);
    assert_non_null(f->zones);
}

static inline void fixture_close(struct fixture *f)
{
    cp_diagnostics_release(&f->diagnostics);
    cp_zones_close(f->zones);
    cp_arena_free(f->arena);
}

static inline struct cp_schedule_context schedule_context(struct fixture *f)
{
    return (struct cp_schedule_context){ f->arena, f->zones, f->config, &f->diagnostics };
}

static inline struct cp_campaign *read_schedule(struct fixture *f, const char *path)
{
    struct cp_schedule_context context = schedule_context(f);

    return cp_schedule_read(path, &context);
}

static inline struct cp_campaign *read_schedule_text(struct fixture *f, const char *name,
                                                     const char *text)
{
    struct cp_schedule_context context = schedule_context(f);

    return cp_schedule_read_text(name, text, strlen(text), &context);
}

/* Two adapters with an option of each type. */
static const char *const visibilities[] = { "public", "unlisted", NULL };
static const struct cp_option mastodon_options[] = {
    { .name = "server", .type = CP_OPTION_SERVER, .required = true, .help = "the server" },
    { .name = "visibility", .type = CP_OPTION_TEXT, .otherwise = "public", .words = visibilities },
    { 0 },
};
static const struct cp_option feed_options[] = {
    { .name = "directory", .type = CP_OPTION_DIRECTORY, .required = true, .help = "a folder" },
    { .name = "entries",
      .type = CP_OPTION_NUMBER,
      .otherwise = "100",
      .minimum = 1,
      .maximum = 1000 },
    { .name = "page", .type = CP_OPTION_BOOL, .otherwise = "true" },
    { 0 },
};
static const struct cp_adapter test_adapters[] = {
    { CP_ADAPTER_INIT, .name = "mastodon", .options = mastodon_options, .needs_credential = true },
    { CP_ADAPTER_INIT, .name = "feed", .options = feed_options },
};

static inline const struct cp_adapter *find_test_adapter(const char *name, void *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < CP_COUNT(test_adapters); i++) {
        if (strcmp(test_adapters[i].name, name) == 0)
            return &test_adapters[i];
    }
    return NULL;
}

static inline const char *const *name_test_adapters(void *ctx)
{
    static const char *const names[] = { "mastodon", "feed", NULL };

    (void)ctx;
    return names;
}

static inline struct cp_config *read_config(struct fixture *f, const char *path)
{
    struct cp_config_context context = { f->arena, &f->diagnostics, find_test_adapter,
                                         name_test_adapters };

    return cp_config_read(path, &context);
}

/* A folder of its own, and files in it; the working directory moves there. */
static inline void enter_folder(char *name)
{
    strcpy(name, "/tmp/camp-post-test-XXXXXX");
    assert_non_null(mkdtemp(name));
    assert_int_equal(chdir(name), 0);
}

static inline void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void leave_folder(const char *name)
{
    char command[200];

    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof(command), "rm -rf '%s'", name);
    assert_int_equal(system(command), 0);
}

#endif

/* tests/transport/test_file.c - local files: read one, replace one whole or not at all. */
#include "carrier.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cp_segment text[] = { { .bytes = "<rss>", .size = 5 },
                                          { .bytes = "new</rss>", .size = 9 } };

static struct cp_request replace(const char *path)
{
    return (struct cp_request){ .step = CP_STEP_PUBLISH,
                                .transport = CP_FILE,
                                .method = "REPLACE",
                                .url = path,
                                .body = text,
                                .body_count = 2 };
}

static struct cp_request read_of(const char *path)
{
    return (struct cp_request){
        .step = CP_STEP_READ, .transport = CP_FILE, .method = "READ", .url = path
    };
}

static const char *in(const struct carrier *carrier, const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", carrier->folder, name);
    return path;
}

static void write_file(const char *path, const char *content, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_content(const char *path, const char *expected)
{
    char content[200] = "";
    FILE *file = fopen(path, "r");

    assert_int_equal(file != NULL, expected != NULL);
    if (!file)
        return;
    content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(content, expected);
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

/* Names in a folder, "." and ".." left out. */
static unsigned count_names(const char *folder)
{
    DIR *all = opendir(folder);
    unsigned count = 0;

    assert_non_null(all);
    while (readdir(all))
        count++;
    closedir(all);
    return count - 2;
}

static void reading_tells_what_is_there(void **state)
{
    struct carrier carrier;
    char path[200];

    (void)state;
    carrier_open(&carrier, NULL);
    write_file(in(&carrier, "feed.xml", path), "<rss/>", 0644);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = { "feed.xml", "missing.xml", "missing/feed.xml" };
        struct cp_request request = read_of(in(&carrier, names[i], path));
        struct heard heard = { 0 };

        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
        assert_int_equal(heard.status, i ? 404 : 200);
        assert_string_equal(heard.body, i ? "" : "<rss/>");
        assert_int_equal(heard.asked, 0);
        heard_release(&heard);
    }
    assert_int_equal(count_names(carrier.folder), 1);
    carrier_close(&carrier);
}

static void what_is_no_file_or_too_large_is_not_read(void **state)
{
    static const char *const names[] = { "large", "folder", "pipe", "link" };
    struct cp_transport_options options = { .reply_most = 5 };
    struct carrier carrier;
    char path[200];

    (void)state;
    carrier_open(&carrier, &options);
    write_file(in(&carrier, "large", path), "123456", 0644);
    assert_int_equal(mkdir(in(&carrier, "folder", path), 0755), 0);
    assert_int_equal(mkfifo(in(&carrier, "pipe", path), 0644), 0);
    assert_int_equal(symlink("/etc/passwd", in(&carrier, "link", path)), 0);
    for (size_t i = 0; i < CP_COUNT(names); i++) {
        struct cp_request request = read_of(in(&carrier, names[i], path));
        struct heard heard = { 0 };

        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        if (heard.ending != CP_EXCHANGE_NOT_ACTED || !strstr(heard.reason, path))
            fail_msg("%s: ended in %d (%s)", names[i], heard.ending, heard.reason);
    }
    carrier_close(&carrier);
}

static void replacing_makes_folders_and_asks_the_gate_once(void **state)
{
    mode_t old = umask(0077);
    struct carrier carrier;
    char path[200], folder[200];
    struct heard heard = { 0 };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    request = replace(in(&carrier, "a/b/feed.xml", path));
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
    assert_int_equal(heard.status, 200);
    assert_int_equal(heard.asked, 1);
    assert_content(path, "<rss>new</rss>");
    /* for the public, whatever the umask */
    assert_int_equal(mode_of(path), 0644);
    assert_int_equal(mode_of(in(&carrier, "a/b", folder)), 0755);
    assert_int_equal(count_names(folder), 1);
    heard_release(&heard);
    umask(old);
    carrier_close(&carrier);
}

static void the_account_s_directory_is_made_with_all_that_leads_to_it(void **state)
{
    struct carrier carrier;
    char directory[200], path[200];

    (void)state;
    carrier_open(&carrier, NULL);
    snprintf(directory, sizeof(directory), "%s/srv/www/feeds//", carrier.folder);
    carrier.directory = directory;
    for (int reads = 1; reads >= 0; reads--) {
        struct heard heard = { 0 };
        struct cp_request request = replace(in(&carrier, "srv/www/feeds/x/feed.xml", path));

        if (reads) /* reading makes nothing */
            request = read_of(path);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
        assert_int_equal(heard.status, reads ? 404 : 200);
        assert_int_equal(count_names(carrier.folder), !reads);
        heard_release(&heard);
    }
    assert_content(path, "<rss>new</rss>");
    carrier_close(&carrier);
}

static void the_account_s_directory_may_be_a_link(void **state)
{
    struct carrier carrier;
    char directory[200], path[200], real[200];
    struct heard heard = { 0 };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    assert_int_equal(mkdir(in(&carrier, "real", real), 0755), 0);
    assert_int_equal(symlink("real", in(&carrier, "current", directory)), 0);
    carrier.directory = directory;
    request = replace(in(&carrier, "current/feed.xml", path));
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
    assert_content(in(&carrier, "real/feed.xml", real), "<rss>new</rss>");
    heard_release(&heard);
    carrier_close(&carrier);
}

static void the_old_file_is_replaced_and_its_mode_kept(void **state)
{
    struct carrier carrier;
    char path[200], beside[200];
    struct heard heard = { 0 };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    write_file(in(&carrier, "feed.xml", path), "old", 0664);
    /* a crash left this one behind */
    write_file(in(&carrier, ".feed.xml.new", beside), "half of it and more", 0600);
    request = replace(path);
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
    assert_content(path, "<rss>new</rss>");
    assert_int_equal(mode_of(path), 0664);
    assert_int_equal(count_names(carrier.folder), 1);
    heard_release(&heard);
    carrier_close(&carrier);
}

static void a_no_at_the_gate_leaves_the_old_file_alone(void **state)
{
    struct carrier carrier;
    char path[200];
    struct heard heard = { .refuses = true };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    write_file(in(&carrier, "feed.xml", path), "old", 0644);
    request = replace(path);
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
    assert_true(heard.stopped);
    assert_int_equal(heard.asked, 1);
    assert_string_equal(heard.reason, "held by a test");
    assert_content(path, "old");
    assert_int_equal(count_names(carrier.folder), 1);
    carrier_close(&carrier);
}

static void what_is_prepared_asks_no_gate(void **state)
{
    char path[200], digest[65];
    const struct cp_segment body[] = { { .media = digest } };
    struct heard heard = { .refuses = true };
    struct cp_request request;
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, NULL);
    carrier_add_medium(&carrier, 'p', 200000, digest);
    request = replace(in(&carrier, "media/p.png", path));
    request.step = CP_STEP_PREPARE;
    request.body = body;
    request.body_count = 1;
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
    assert_int_equal(heard.asked, 0);
    {
        struct stat info;

        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, 200000);
    }
    heard_release(&heard);
    carrier_close(&carrier);
}

/* ---- what leads out of the directory ------------------------------------------------------- */

static void a_path_that_leads_out_is_not_begun(void **state)
{
    static const char *const paths[] = {
        "%s/../x",      "%s/a/../../x", "%s/..",     "%s/./x",  "%s//x",
        "%s/",          "%s",           "%s/a/",     "%s.x/y",  "/etc/passwd/%.0s",
        "feed.xml%.0s", "%.0s",         "../x/%.0s", "%s/a/..", "%s/.",
    };
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, NULL);
    for (size_t i = 0; i < CP_COUNT(paths); i++) {
        char path[200];
        struct heard heard = { 0 };
        struct cp_request request = replace(path);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(path, sizeof(path), paths[i], carrier.folder);
#pragma GCC diagnostic pop
        if (carrier_start(&carrier, &request, NULL, &heard))
            fail_msg("'%s' was begun", path);
        assert_non_null(strstr(heard.refusal, "is not inside the account's directory"));
    }
    carrier_close(&carrier);
}

static void a_link_inside_the_directory_is_not_followed(void **state)
{
    struct carrier carrier, outside;
    char path[200], target[200];

    (void)state;
    carrier_open(&carrier, NULL);
    carrier_open(&outside, NULL);
    assert_int_equal(symlink(outside.folder, in(&carrier, "way", path)), 0);
    write_file(in(&outside, "feed.xml", target), "theirs", 0644);
    for (int reads = 0; reads < 2; reads++) {
        struct cp_request request = replace(in(&carrier, "way/feed.xml", path));
        struct heard heard = { 0 };

        if (reads)
            request = read_of(path);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
        assert_int_equal(heard.asked, 0);
    }
    assert_content(target, "theirs");
    /* a file that is a link is replaced itself, never what it points at */
    assert_int_equal(symlink(target, in(&carrier, "feed.xml", path)), 0);
    {
        struct cp_request request = replace(path);
        struct heard heard = { 0 };

        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
        heard_release(&heard);
    }
    assert_content(target, "theirs");
    assert_content(path, "<rss>new</rss>");
    carrier_close(&outside);
    carrier_close(&carrier);
}

/* ---- what the disk refuses ----------------------------------------------------------------- */

static void a_file_in_the_way_of_a_folder_is_told(void **state)
{
    struct carrier carrier;
    char path[200];
    struct heard heard = { 0 };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    write_file(in(&carrier, "a", path), "old", 0644);
    request = replace(in(&carrier, "a/feed.xml", path));
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
    assert_int_equal(heard.asked, 0);
    assert_non_null(strstr(heard.reason, "Not a directory"));
    carrier_close(&carrier);
}

/* After the gate: the rename fails, so nothing was published all the same. */
static void a_folder_in_the_file_s_place_stays(void **state)
{
    struct carrier carrier;
    char path[200];
    struct heard heard = { 0 };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    assert_int_equal(mkdir(in(&carrier, "feed.xml", path), 0755), 0);
    request = replace(path);
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
    assert_int_equal(heard.asked, 1);
    assert_false(heard.stopped);
    assert_int_equal(count_names(carrier.folder), 1);
    carrier_close(&carrier);
}

static void a_medium_that_vanished_stops_it_before_the_gate(void **state)
{
    struct carrier carrier;
    char path[200], digest[65], medium[200];
    const struct cp_segment body[] = { { .bytes = "x", .size = 1 }, { .media = digest } };
    struct heard heard = { 0 };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    carrier_add_medium(&carrier, 'q', 1000, digest);
    request = replace(in(&carrier, "feed.xml", path));
    request.body = body;
    request.body_count = 2;
    assert_int_equal(truncate(in(&carrier, digest, medium), 1000), 0);
    assert_true(carrier_start(&carrier, &request, NULL, &heard));
    /* The worker may be faster than this; then the file is whole, and rightly so. */
    assert_int_equal(unlink(medium), 0);
    carrier_run_until(&carrier, &heard.times, 1);
    if (heard.ending == CP_EXCHANGE_REPLIED) {
        struct stat info;

        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, 1001);
    } else {
        assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
        assert_int_equal(heard.asked, 0);
        assert_content(path, NULL);
        assert_int_equal(count_names(carrier.folder), 0);
    }
    heard_release(&heard);
    carrier_close(&carrier);
}

/* A file system of 64 KiB, then one that can't be written. Mounting takes root. */
static void a_full_or_locked_disk_leaves_the_old_file_alone(void **state)
{
    char path[200], digest[65], small[200];
    const struct cp_segment body[] = { { .media = digest } };
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, NULL);
    assert_int_equal(mkdir(in(&carrier, "small", small), 0755), 0);
    if (mount("none", small, "tmpfs", 0, "size=64k") < 0) {
        carrier_close(&carrier);
        skip();
    }
    carrier_add_medium(&carrier, 'f', 200000, digest);
    write_file(in(&carrier, "small/feed.xml", path), "old", 0644);
    for (int locked = 0; locked < 2; locked++) {
        struct heard heard = { 0 };
        struct cp_request request = replace(path);

        request.body = body;
        request.body_count = 1;
        if (locked)
            assert_int_equal(mount(NULL, small, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
        assert_int_equal(heard.asked, 0);
        assert_non_null(strstr(heard.reason, locked ? "Read-only" : "No space left"));
        assert_content(path, "old");
        assert_int_equal(count_names(small), 1);
    }
    assert_int_equal(umount(small), 0);
    carrier_close(&carrier);
}

/* ---- cancelling ---------------------------------------------------------------------------- */

static void cancelling_while_a_worker_is_at_it_publishes_nothing(void **state)
{
    char path[200], digest[65];
    const struct cp_segment body[] = { { .media = digest } };
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, NULL);
    carrier_add_medium(&carrier, 'c', 4 << 20, digest);
    write_file(in(&carrier, "feed.xml", path), "old", 0644);
    for (unsigned ms = 0; ms < 3; ms++) {
        struct heard heard = { 0 }, next = { 0 };
        struct cp_request request = replace(path);

        request.body = body;
        request.body_count = 1;
        assert_true(carrier_start(&carrier, &request, NULL, &heard));
        /* The worker still holds the file beside: nobody else may write it. */
        assert_false(cp_exchange_cancel(&heard.exchange));
        assert_false(carrier_start(&carrier, &request, NULL, &next));
        assert_non_null(strstr(next.refusal, "is being replaced"));
        carrier_run_ms(&carrier, 100);
        assert_int_equal(heard.times + heard.asked, 0);
        assert_content(path, "old");
        assert_int_equal(count_names(carrier.folder), 2);
    }
    carrier_close(&carrier);
}

static void cancelling_behind_the_gate_is_doubt(void **state)
{
    struct carrier carrier;
    char path[200];
    struct heard heard = { 0 };
    struct cp_request request;

    (void)state;
    carrier_open(&carrier, NULL);
    request = replace(in(&carrier, "feed.xml", path));
    assert_true(carrier_start(&carrier, &request, NULL, &heard));
    carrier_run_until(&carrier, &heard.asked, 1);
    if (!heard.times)
        assert_true(cp_exchange_cancel(&heard.exchange));
    carrier_run_ms(&carrier, 50);
    assert_content(path, "<rss>new</rss>");
    heard_release(&heard);
    carrier_close(&carrier);
}

static void closing_waits_for_workers_and_calls_nobody(void **state)
{
    struct carrier carrier;
    char paths[8][200];
    struct heard heard[8] = { 0 };

    (void)state;
    carrier_open(&carrier, NULL);
    for (size_t i = 0; i < 8; i++) {
        char name[20];
        struct cp_request request;

        snprintf(name, sizeof(name), "%zu.xml", i);
        request =
            i % 2 ? read_of(in(&carrier, name, paths[i])) : replace(in(&carrier, name, paths[i]));
        assert_true(carrier_start(&carrier, &request, NULL, &heard[i]));
    }
    carrier_close(&carrier);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(heard[i].times + heard[i].asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_tells_what_is_there),
        cmocka_unit_test(what_is_no_file_or_too_large_is_not_read),
        cmocka_unit_test(replacing_makes_folders_and_asks_the_gate_once),
        cmocka_unit_test(the_account_s_directory_is_made_with_all_that_leads_to_it),
        cmocka_unit_test(the_account_s_directory_may_be_a_link),
        cmocka_unit_test(the_old_file_is_replaced_and_its_mode_kept),
        cmocka_unit_test(a_no_at_the_gate_leaves_the_old_file_alone),
        cmocka_unit_test(what_is_prepared_asks_no_gate),
        cmocka_unit_test(a_path_that_leads_out_is_not_begun),
        cmocka_unit_test(a_link_inside_the_directory_is_not_followed),
        cmocka_unit_test(a_file_in_the_way_of_a_folder_is_told),
        cmocka_unit_test(a_folder_in_the_file_s_place_stays),
        cmocka_unit_test(a_medium_that_vanished_stops_it_before_the_gate),
        cmocka_unit_test(a_full_or_locked_disk_leaves_the_old_file_alone),
        cmocka_unit_test(cancelling_while_a_worker_is_at_it_publishes_nothing),
        cmocka_unit_test(cancelling_behind_the_gate_is_doubt),
        cmocka_unit_test(closing_waits_for_workers_and_calls_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

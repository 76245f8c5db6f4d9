/* tests/ledger/test_open.c - opening: new, foreign, newer, damaged, unwritable, full, beside a service. */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger_private.h"

static const struct plan_item one[] = { { "p", "a", T0 + CP_DAY, { "x" }, CP_CHANGE_ADD, false } };

static void every_statement_can_be_prepared(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < CP_SQL_COUNT; i++) {
        struct cp_connection *connections[] = { &f->ledger->writing, &f->ledger->reading };

        assert_non_null(cp_sql_text((enum cp_sql)i));
        for (size_t c = 0; c < 2; c++)
            assert_good(f, cp_sql(connections[c], (enum cp_sql)i, &f->err) != NULL);
    }
}

static void what_is_due_is_found_through_its_index(void **state)
{
    static const struct {
        enum cp_sql id;
        const char *how;
    } rows[] = {
        { CP_SQL_DUE, "SEARCH p USING INDEX part_due (go_us>? AND go_us<?)" },
        { CP_SQL_NEXT_DUE, "SEARCH part USING INDEX part_due (go_us>?)" },
        { CP_SQL_OPEN_ONES, "SCAN p USING INDEX part_open" },
        { CP_SQL_RECENT, "SEARCH part USING COVERING INDEX part_published" },
        { CP_SQL_BOUND, "SEARCH p USING COVERING INDEX part_remote" },
        { CP_SQL_NEWEST, "SEARCH entry USING COVERING INDEX entry_time" },
        { CP_SQL_NOTICES, "SEARCH entry USING INDEX entry_notice" },
        { CP_SQL_WORK_TAKEN, "SEARCH part USING INDEX part_published" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        char sql[2000], how[1000] = "", *covering;
        sqlite3_stmt *q = NULL;

        snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", cp_sql_text(rows[i].id));
        assert_int_equal(sqlite3_prepare_v2(f->ledger->reading.db, sql, -1, &q, NULL), SQLITE_OK);
        while (sqlite3_step(q) == SQLITE_ROW) {
            strncat(how, (const char *)sqlite3_column_text(q, 3), sizeof(how) - strlen(how) - 3);
            strcat(how, "; ");
        }
        sqlite3_finalize(q);
        /* Newer releases see that an index covers what is asked where 3.40 does not. */
        covering = strstr(how, rows[i].how) ? NULL : strstr(how, "COVERING ");
        if (covering)
            memmove(covering, covering + 9, strlen(covering + 9) + 1);
        if (!strstr(how, rows[i].how) || strstr(how, "TEMP B-TREE"))
            fail_msg("%s goes by: %s", sql, how);
    }
}

static void the_file_is_marked_and_kept_safe(void **state)
{
    struct fixture *f = *state;
    int64_t number;

    assert_int_equal(fixture_number(f, "PRAGMA application_id"), CP_LEDGER_APPLICATION);
    assert_int_equal(fixture_number(f, "PRAGMA user_version"), CP_LEDGER_VERSION);
    assert_string_equal(fixture_text(f, "PRAGMA journal_mode"), "wal");
    assert_good(
        f, cp_connection_number(f->ledger->writing.db, "PRAGMA synchronous", -1, &number, &f->err));
    assert_int_equal(number, 2);
    assert_good(f, cp_connection_number(f->ledger->writing.db, "PRAGMA foreign_keys", -1, &number,
                                        &f->err));
    assert_int_equal(number, 1);
    assert_good(f, cp_connection_number(f->ledger->writing.db, "PRAGMA trusted_schema", -1, &number,
                                        &f->err));
    assert_int_equal(number, 0);
}

static void a_reader_finds_nothing_where_nothing_is(void **state)
{
    struct fixture *f = *state;
    char path[100];

    snprintf(path, sizeof(path), "%s/none.db", f->folder);
    assert_failed(f, cp_ledger_open(path, CP_LEDGER_READ, &f->err) != NULL, CP_LEDGER_MISSING,
                  "No such file");
    assert_int_equal(access(path, F_OK), -1);
    close(open(path, O_CREAT | O_RDWR, 0600));
    assert_failed(f, cp_ledger_open(path, CP_LEDGER_READ, &f->err) != NULL, CP_LEDGER_MISSING,
                  "empty");
}

static void another_programs_database_is_left_alone(void **state)
{
    struct fixture *f = *state;
    enum cp_ledger_mode modes[] = { CP_LEDGER_READ, CP_LEDGER_WRITE };

    cp_ledger_close(f->ledger);
    f->ledger = NULL;
    snprintf(f->path, sizeof(f->path), "%s/foreign.db", f->folder);
    fixture_sql(f, "CREATE TABLE theirs (x)");
    for (size_t i = 0; i < CP_COUNT(modes); i++)
        assert_failed(f, cp_ledger_open(f->path, modes[i], &f->err) != NULL, CP_LEDGER_FOREIGN,
                      "another program");
    assert_string_equal(fixture_text(f, "PRAGMA journal_mode"), "delete");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM sqlite_schema"), 1);
}

static void a_newer_ledger_is_left_alone(void **state)
{
    struct fixture *f = *state;
    enum cp_ledger_mode modes[] = { CP_LEDGER_READ, CP_LEDGER_WRITE };

    cp_ledger_close(f->ledger);
    f->ledger = NULL;
    fixture_sql(f, "PRAGMA user_version = 99");
    for (size_t i = 0; i < CP_COUNT(modes); i++)
        assert_failed(f, cp_ledger_open(f->path, modes[i], &f->err) != NULL, CP_LEDGER_NEWER,
                      "install");
    assert_int_equal(fixture_number(f, "PRAGMA user_version"), 99);
}

static void overwrite(const char *path, off_t at, size_t size)
{
    char junk[4096];
    int fd = open(path, O_RDWR);

    memset(junk, 0x5a, sizeof(junk));
    assert_int_equal(pwrite(fd, junk, size, at), (ssize_t)size);
    close(fd);
}

static void a_damaged_ledger_is_told_with_what_to_do(void **state)
{
    static const struct {
        off_t at;
        size_t size;
    } damages[] = { { 0, 100 }, { 4096, 4096 }, { 3 * 4096, 4096 } };
    struct fixture *f = *state;

    for (size_t i = 0; i < CP_COUNT(damages); i++) {
        char path[100], command[400];

        cp_ledger_close(f->ledger);
        f->ledger = NULL;
        fixture_sql(f, "PRAGMA wal_checkpoint(TRUNCATE)");
        snprintf(path, sizeof(path), "%s/damaged.db", f->folder);
        snprintf(command, sizeof(command), "cp %s %s && rm -f %s-*", f->path, path, path);
        assert_int_equal(system(command), 0);
        overwrite(path, damages[i].at, damages[i].size);
        assert_failed(f, cp_ledger_open(path, CP_LEDGER_WRITE, &f->err) != NULL, CP_LEDGER_CORRUPT,
                      "backup");
    }
}

/* ---- as somebody who may only read ---- */

static int as_nobody(struct fixture *f, int (*run)(struct fixture *))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
            _exit(99);
        _exit(run(f));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool count_row(const struct cp_ledger_row *row, void *ctx)
{
    (void)row;
    ++*(int *)ctx;
    return true;
}

/* How many deliveries it sees; 100 and the code when it can't be opened. */
static int read_rows(struct fixture *f)
{
    struct cp_error err = { 0 };
    struct cp_ledger *ledger = cp_ledger_open(f->path, CP_LEDGER_READ, &err);
    int count = 0;

    if (!ledger || !cp_ledger_rows(ledger, false, count_row, &count, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 100 + err.code;
    }
    if (cp_ledger_set_meta(ledger, "k", "v", &err))
        return 90;
    cp_ledger_close(ledger);
    return count;
}

static int write_mode(struct fixture *f)
{
    struct cp_error err = { 0 };
    struct cp_ledger *ledger = cp_ledger_open(f->path, CP_LEDGER_WRITE, &err);

    if (ledger)
        return 0;
    return strstr(err.message, "writable") ? 100 + err.code : 1;
}

static void make_read_only(struct fixture *f)
{
    char command[200];

    snprintf(command, sizeof(command), "chmod 0444 %s/* && chmod 0555 %s", f->folder, f->folder);
    assert_int_equal(system(command), 0);
}

static void a_running_ledger_is_read_by_one_who_may_not_write(void **state)
{
    struct fixture *f = *state;

    accept_items(f, T0, one, 1);
    make_read_only(f);
    assert_int_equal(as_nobody(f, read_rows), 1);
    assert_int_equal(as_nobody(f, write_mode), 100 + CP_LEDGER_READ_ONLY);
    chmod(f->folder, 0700);
}

static void a_closed_ledger_is_read_by_one_who_may_not_write(void **state)
{
    struct fixture *f = *state;

    accept_items(f, T0, one, 1);
    cp_ledger_close(f->ledger);
    f->ledger = NULL;
    make_read_only(f);
    assert_int_equal(as_nobody(f, read_rows), 1);
    chmod(f->folder, 0700);
}

static void a_copy_without_wal_and_shm_is_read_by_one_who_may_not_write(void **state)
{
    struct fixture *f = *state;
    char name[100];

    accept_items(f, T0, one, 1);
    cp_ledger_close(f->ledger);
    f->ledger = NULL;
    snprintf(name, sizeof(name), "%s-shm", f->path);
    assert_int_equal(unlink(name), 0);
    snprintf(name, sizeof(name), "%s-wal", f->path);
    assert_int_equal(unlink(name), 0);
    make_read_only(f);
    assert_int_equal(as_nobody(f, read_rows), 1);
    assert_int_equal(access(name, F_OK), -1);
    chmod(f->folder, 0700);
}

static void a_copy_with_a_wal_alone_is_not_read_as_if_it_were_whole(void **state)
{
    struct fixture *f = *state;
    char command[400];

    accept_items(f, T0, one, 1);
    snprintf(command, sizeof(command), "mkdir %s/copy && cp %s %s-wal %s/copy/", f->folder, f->path,
             f->path, f->folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command),
             "chmod 0444 %s/copy/* && chmod 0555 %s/copy && chmod 0755 %s", f->folder, f->folder,
             f->folder);
    assert_int_equal(system(command), 0);
    snprintf(f->path, sizeof(f->path), "%s/copy/ledger.db", f->folder);
    assert_int_equal(as_nobody(f, read_rows), 100 + CP_LEDGER_READ_ONLY);
    snprintf(command, sizeof(command), "%s/copy", f->folder);
    chmod(command, 0700);
}

static void a_reader_sees_what_a_writer_commits(void **state)
{
    struct fixture *f = *state;
    struct cp_ledger *reader = cp_ledger_open(f->path, CP_LEDGER_READ, &f->err);
    int count = 0;

    assert_good(f, reader != NULL);
    accept_items(f, T0, one, 1);
    assert_good(f, cp_ledger_rows(reader, false, count_row, &count, &f->err));
    assert_int_equal(count, 1);
    assert_failed(f, cp_ledger_set_meta(reader, "k", "v", &f->err), CP_LEDGER_READ_ONLY,
                  "reading only");
    cp_ledger_close(reader);
}

/* ---- a full disk ---- */

static int write_until_full(struct fixture *f)
{
    struct rlimit limit = { 400 * 1024, 400 * 1024 };
    struct cp_error err = { 0 };
    struct cp_ledger *ledger;
    struct cp_now now = at(T0);
    json_t *data = json_string("a long text, to have something that takes room on the disk");
    int64_t written = 0, count = 0;

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    ledger = cp_ledger_open(f->path, CP_LEDGER_WRITE, &err);
    while (ledger && written < 100000 && cp_ledger_entry(ledger, "test", data, NULL, &now, &err))
        written++;
    json_decref(data);
    if (!ledger || err.code != CP_LEDGER_FULL || !strstr(err.message, "free space")) {
        fprintf(stderr, "after %lld: %d %s\n", (long long)written, err.code, err.message);
        return 1;
    }
    memset(&err, 0, sizeof(err));
    if (!cp_ledger_verify_chain(ledger, &count, &err) || count != written)
        return 2;
    cp_ledger_close(ledger);
    return written > 10 ? 0 : 3;
}

static void a_full_disk_is_told_and_leaves_whole_transactions(void **state)
{
    struct fixture *f = *state;
    pid_t pid = fork();
    int status;
    int64_t count;

    if (pid == 0)
        _exit(write_until_full(f));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    fixture_reopen(f);
    assert_good(f, cp_ledger_verify_chain(f->ledger, &count, &f->err));
    assert_true(count > 10);
}

/* ---- lock, meta, place ---- */

static void only_one_holds_the_lock(void **state)
{
    struct fixture *f = *state;
    char pid[40];
    int first = cp_ledger_lock(f->folder, &f->err), second;

    assert_true(first >= 0);
    snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_failed(f, cp_ledger_lock(f->folder, &f->err) >= 0, CP_LEDGER_LOCKED, pid);
    close(first);
    second = cp_ledger_lock(f->folder, &f->err);
    assert_true(second >= 0);
    close(second);
    assert_failed(f, cp_ledger_lock("/nonexistent", &f->err) >= 0, CP_LEDGER_IO, "No such file");
}

static void meta_is_kept_replaced_and_dropped(void **state)
{
    static const char *const values[] = { "one", "two", NULL };
    struct fixture *f = *state;

    for (size_t i = 0; i < CP_COUNT(values); i++) {
        char *value = (char *)"untouched";

        assert_good(f, cp_ledger_set_meta(f->ledger, "machine", values[i], &f->err));
        fixture_reopen(f);
        assert_good(f, cp_ledger_meta(f->ledger, "machine", &value, &f->err));
        if (values[i])
            assert_string_equal(value, values[i]);
        else
            assert_null(value);
        free(value);
    }
}

static void a_copied_file_has_another_place(void **state)
{
    struct fixture *f = *state;
    char before[64], after[64], command[400];
    uint64_t room;

    assert_good(f, cp_ledger_place(f->ledger, before, &f->err));
    assert_good(f, cp_ledger_room(f->ledger, &room, &f->err));
    assert_true(room > 0);
    cp_ledger_close(f->ledger);
    snprintf(command, sizeof(command), "cp %s %s.2 && mv %s.2 %s", f->path, f->path, f->path,
             f->path);
    assert_int_equal(system(command), 0);
    f->ledger = cp_ledger_open(f->path, CP_LEDGER_WRITE, &f->err);
    assert_good(f, f->ledger != NULL);
    assert_good(f, cp_ledger_place(f->ledger, after, &f->err));
    assert_string_not_equal(before, after);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_statement_can_be_prepared),
        IN_FOLDER(what_is_due_is_found_through_its_index),
        IN_FOLDER(the_file_is_marked_and_kept_safe),
        IN_FOLDER(a_reader_finds_nothing_where_nothing_is),
        IN_FOLDER(another_programs_database_is_left_alone),
        IN_FOLDER(a_newer_ledger_is_left_alone),
        IN_FOLDER(a_damaged_ledger_is_told_with_what_to_do),
        IN_FOLDER(a_running_ledger_is_read_by_one_who_may_not_write),
        IN_FOLDER(a_closed_ledger_is_read_by_one_who_may_not_write),
        IN_FOLDER(a_copy_without_wal_and_shm_is_read_by_one_who_may_not_write),
        IN_FOLDER(a_copy_with_a_wal_alone_is_not_read_as_if_it_were_whole),
        IN_FOLDER(a_reader_sees_what_a_writer_commits),
        IN_FOLDER(a_full_disk_is_told_and_leaves_whole_transactions),
        IN_FOLDER(only_one_holds_the_lock),
        IN_FOLDER(meta_is_kept_replaced_and_dropped),
        IN_FOLDER(a_copied_file_has_another_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

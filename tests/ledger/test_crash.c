/* tests/ledger/test_crash.c - a process that dies in the middle of its batches leaves whole ones. */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 12, PARTS = 40 };

static void accept_parts(struct fixture *f)
{
    struct plan_item items[PARTS] = { 0 };

    for (int i = 0; i < PARTS; i++)
        items[i] = (struct plan_item){ .post = cp_arena_printf(f->arena, "post-%d", i),
                                       .account = "a",
                                       .due_us = T0 + CP_DAY,
                                       .texts = { "text" },
                                       .change = CP_CHANGE_ADD };
    accept_items(f, T0, items, PARTS);
}

/* Moves all parts together, there and back, until it is killed; tells each batch that was committed. */
static void work_until_killed(struct fixture *f, int told)
{
    struct cp_part_change changes[PARTS];
    enum cp_commit_result results[PARTS];
    bool start = strcmp(fixture_text(f, "SELECT state FROM part LIMIT 1"), "planned") == 0;

    f->ledger = cp_ledger_open(f->path, CP_LEDGER_WRITE, &f->err);
    if (!f->ledger)
        _exit(1);
    for (;; start = !start) {
        char state = start ? 'f' : 'p';

        for (int i = 0; i < PARTS; i++) {
            changes[i] =
                start ? step(CP_PLANNED, CP_ON_START) : step(CP_IN_FLIGHT, CP_ON_SURELY_NOT);
            changes[i].row = i + 1;
        }
        if (!cp_ledger_apply(f->ledger, changes, PARTS, results, &f->err) ||
            results[0] != CP_COMMIT_APPLIED || write(told, &state, 1) != 1)
            _exit(2);
    }
}

static char last_told(int fd, size_t *count)
{
    char bytes[4096], last = 0;
    ssize_t size;

    while ((size = read(fd, bytes, sizeof(bytes))) > 0) {
        last = bytes[size - 1];
        *count += (size_t)size;
    }
    return last;
}

static void kill_one(struct fixture *f, long ms, size_t *batches)
{
    struct timespec pause = { 0, ms * 1000000 };
    int pipes[2], status;
    char told;
    pid_t pid;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0)
        work_until_killed(f, pipes[1]);
    close(pipes[1]);
    nanosleep(&pause, NULL);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    told = last_told(pipes[0], batches);
    close(pipes[0]);
    /* What was told is there, or one more batch that nobody heard of: never a part of one. */
    assert_int_equal(fixture_number(f, "SELECT count(DISTINCT state) FROM part"), 1);
    if (told == 'f')
        assert_true(fixture_number(f, "SELECT sum(tries) > 0 FROM part"));
    assert_int_equal(fixture_number(f, "SELECT count(*) % 40 FROM entry WHERE kind = 'part'"), 0);
}

static void a_killed_writer_leaves_whole_batches(void **state)
{
    struct fixture *f = *state;
    int64_t count, entries;
    size_t batches = 0;

    accept_parts(f);
    cp_ledger_close(f->ledger);
    f->ledger = NULL;
    for (int i = 0; i < ROUNDS; i++)
        kill_one(f, 40 + 17 * i, &batches);
    f->ledger = cp_ledger_open(f->path, CP_LEDGER_WRITE, &f->err);
    assert_good(f, f->ledger != NULL);
    assert_good(f, cp_ledger_verify_chain(f->ledger, &count, &f->err));
    entries = fixture_number(f, "SELECT count(*) FROM entry WHERE kind = 'part'");
    print_message("%d kills, %zu batches told, %lld changes kept\n", ROUNDS, batches,
                  (long long)entries);
    assert_true(batches > 0);
    assert_true((size_t)entries >= batches * PARTS);
    assert_true((size_t)entries <= (batches + ROUNDS) * PARTS);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM attempt WHERE ended_us IS NULL") % PARTS, 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { IN_FOLDER(a_killed_writer_leaves_whole_batches) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

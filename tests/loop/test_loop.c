/* tests/loop/test_loop.c */
#include "cmocka_all.h"

#include <time.h>

#include "loop/loop.h"

struct seen {
    uv_loop_t loop;
    int rings, works, dones, disposals;
    int64_t at_us;
    struct cp_alarm *alarm;
    struct cp_wait_timer *wait;
    struct cp_job *job;
    uv_sem_t begun, word;
};

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * CP_SECOND + now.tv_nsec / 1000;
}

static void on_alarm(bool stepped, void *ctx)
{
    struct seen *seen = ctx;

    assert_false(stepped);
    seen->rings++;
    seen->at_us = clock_us(CLOCK_REALTIME);
    cp_alarm_close(&seen->alarm);
}

static void on_wait(void *ctx)
{
    struct seen *seen = ctx;

    seen->rings++;
    seen->at_us = clock_us(CLOCK_BOOTTIME);
    cp_wait_close(&seen->wait);
}

static void an_alarm_is_never_early(void **state)
{
    struct seen seen = { .rings = 0 };
    int64_t when = clock_us(CLOCK_REALTIME) + 20 * 1000;

    (void)state;
    uv_loop_init(&seen.loop);
    seen.alarm = cp_alarm_open(&seen.loop, on_alarm, &seen, NULL);
    cp_alarm_set(seen.alarm, when);
    uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.rings, 1);
    assert_true(seen.at_us >= when);
    assert_int_equal(uv_loop_close(&seen.loop), 0);
}

static void a_moment_in_the_past_rings_at_once(void **state)
{
    struct seen seen = { .rings = 0 };

    (void)state;
    uv_loop_init(&seen.loop);
    seen.wait = cp_wait_open(&seen.loop, on_wait, &seen, NULL);
    cp_wait_set(seen.wait, -5);
    uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.rings, 1);
    assert_int_equal(uv_loop_close(&seen.loop), 0);
}

static void never_does_not_ring(void **state)
{
    struct seen seen = { .rings = 0 };

    (void)state;
    uv_loop_init(&seen.loop);
    seen.alarm = cp_alarm_open(&seen.loop, on_alarm, &seen, NULL);
    seen.wait = cp_wait_open(&seen.loop, on_wait, &seen, NULL);
    cp_wait_set(seen.wait, CP_NEVER);
    uv_run(&seen.loop, UV_RUN_NOWAIT);
    assert_int_equal(seen.rings, 0);
    cp_alarm_close(&seen.alarm);
    cp_wait_close(&seen.wait);
    uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&seen.loop), 0);
}

static void do_work(void *ctx)
{
    ((struct seen *)ctx)->works++;
}

static void do_done(void *ctx)
{
    ((struct seen *)ctx)->dones++;
}

static void do_dispose(void *ctx)
{
    ((struct seen *)ctx)->disposals++;
}

static void a_job_is_done_and_disposed_of_once(void **state)
{
    struct seen seen = { .rings = 0 };

    (void)state;
    uv_loop_init(&seen.loop);
    assert_non_null(cp_job_start(&seen.loop, do_work, do_done, do_dispose, &seen, NULL));
    assert_int_equal(seen.dones, 0);
    uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.works, 1);
    assert_int_equal(seen.dones, 1);
    assert_int_equal(seen.disposals, 1);
    assert_int_equal(uv_loop_close(&seen.loop), 0);
}

static void a_cancelled_job_is_disposed_of_but_not_done(void **state)
{
    struct seen seen = { .rings = 0 };

    (void)state;
    uv_loop_init(&seen.loop);
    seen.job = cp_job_start(&seen.loop, do_work, do_done, do_dispose, &seen, NULL);
    cp_job_cancel(&seen.job);
    assert_null(seen.job);
    uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.dones, 0);
    assert_int_equal(seen.disposals, 1);
    assert_int_equal(uv_loop_close(&seen.loop), 0);
}

static void wait_for_word(void *ctx)
{
    struct seen *seen = ctx;

    uv_sem_post(&seen->begun);
    uv_sem_wait(&seen->word);
    seen->works++;
}

static void a_job_that_is_at_work_when_cancelled_is_disposed_of_when_it_lets_go(void **state)
{
    struct seen seen = { .rings = 0 };

    (void)state;
    uv_loop_init(&seen.loop);
    uv_sem_init(&seen.begun, 0);
    uv_sem_init(&seen.word, 0);
    seen.job = cp_job_start(&seen.loop, wait_for_word, do_done, do_dispose, &seen, NULL);
    uv_sem_wait(&seen.begun);
    cp_job_cancel(&seen.job);
    cp_job_cancel(&seen.job); /* nothing is there any more */
    uv_run(&seen.loop, UV_RUN_NOWAIT);
    assert_int_equal(seen.disposals, 0);
    uv_sem_post(&seen.word);
    uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.works, 1);
    assert_int_equal(seen.dones, 0);
    assert_int_equal(seen.disposals, 1);
    uv_sem_destroy(&seen.begun);
    uv_sem_destroy(&seen.word);
    assert_int_equal(uv_loop_close(&seen.loop), 0);
}

static void a_closed_alarm_does_not_ring(void **state)
{
    struct seen seen = { .rings = 0 };

    (void)state;
    uv_loop_init(&seen.loop);
    seen.alarm = cp_alarm_open(&seen.loop, on_alarm, &seen, NULL);
    seen.wait = cp_wait_open(&seen.loop, on_wait, &seen, NULL);
    cp_alarm_set(seen.alarm, 1);
    cp_wait_set(seen.wait, 1);
    cp_alarm_close(&seen.alarm);
    cp_wait_close(&seen.wait);
    cp_alarm_close(&seen.alarm);
    cp_wait_close(&seen.wait);
    uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.rings, 0);
    assert_int_equal(uv_loop_close(&seen.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_is_never_early),
        cmocka_unit_test(a_moment_in_the_past_rings_at_once),
        cmocka_unit_test(never_does_not_ring),
        cmocka_unit_test(a_job_is_done_and_disposed_of_once),
        cmocka_unit_test(a_cancelled_job_is_disposed_of_but_not_done),
        cmocka_unit_test(a_job_that_is_at_work_when_cancelled_is_disposed_of_when_it_lets_go),
        cmocka_unit_test(a_closed_alarm_does_not_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

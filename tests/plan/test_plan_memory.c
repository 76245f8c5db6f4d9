/* tests/plan/test_plan_memory.c - memory that runs out at any moment ends the plan, and nothing else.
 *
 * The linker sends our own calls of the allocator through here; the first is made to fail, then the
 * second, and so on until a plan comes through without one.
 */
#include "fixture.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

static size_t calls, failing; /* failing 0: none */

static bool fails(void)
{
    return ++calls == failing;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(memory, count, size);
}

static void make_it_rich(struct fixture *f)
{
    static struct cp_translation alt = { "en", "a poster", { 0 } };
    static struct cp_medium medium = {
        .file = "poster.png", .sha256 = "00ff", .type = "image/png", .alt = { &alt, 1 }
    };

    f->texts[0].text = "see https://example.org #free";
    f->messages[0].media = &medium;
    f->messages[0].media_count = 1;
    f->messages[1] = f->messages[0];
    f->posts[0].message_count = 2;
    for (int i = 0; i < 2; i++) {
        f->facts[i].dialect = CP_DIALECT_MASTODON;
        f->facts[i].limits[0] = (struct cp_text_limit){ CP_GRAPHEMES, 500 };
        f->facts[i].limit_count = 1;
    }
    fixture_add_post(f, "countdown");
    f->posts[1].when = CP_WHEN_RELATIVE;
    f->posts[1].offsets = f->offsets;
    f->posts[1].offset_count = 2;
    f->offsets[0] = offset("-1d");
    f->offsets[1] = offset("-2h");
    fixture_accept(f);
    fixture_add_post(f, "new")->was = "old";
}

static void lack_of_memory_is_an_error_and_no_crash(void **state)
{
    struct fixture *f = *state;
    size_t failed = 0;

    make_it_rich(f);
    fixture_plan(f);
    for (size_t n = 1;; n++) {
        struct cp_error err = { 0 };
        struct cp_plan *plan;

        calls = 0;
        failing = n;
        plan = cp_plan_make(&f->input, &err);
        failing = 0;
        if (plan) {
            assert_null(err.domain);
            /* Diagnostics that found no room are counted; the plan itself has everything. */
            assert_int_equal(plan->count, f->plan->count);
            failed += plan->diagnostics.dropped;
        } else {
            assert_ptr_equal(err.domain, &cp_base_errors);
            assert_int_equal(err.code, CP_BASE_NO_MEMORY);
            failed++;
        }
        cp_plan_free(plan);
        if (calls < n)
            break;
    }
    assert_true(failed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lack_of_memory_is_an_error_and_no_crash, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

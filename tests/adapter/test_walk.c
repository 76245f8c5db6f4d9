/* tests/adapter/test_walk.c - the requests of a part, found by feeding an adapter its own examples. */
#include "cmocka_all.h"

#include <stdio.h>

#include "adapter/adapter.h"
#include "base/macros.h"

/* How the adapter of this file misbehaves. */
static enum {
    WELL,
    ENDLESS,
    EARLY_END,
    DOES_NOT_ACCEPT,
    SILENT,
    REFUSES,
} conduct;

static const struct cp_segment closing = { .bytes = "{\"a\":1}", .size = 7 };

static void finish(struct cp_turn *turn, enum cp_verdict_kind kind)
{
    struct cp_verdict verdict = { .kind = kind, .remote_id = "1", .reason = "too long for it" };

    cp_turn_finish(turn, &verdict, NULL);
}

static void ask(struct cp_turn *turn, enum cp_step step, const char *path, const char *example)
{
    struct cp_request request = { .step = step,
                                  .method = "POST",
                                  .url = path,
                                  .body = &closing,
                                  .body_count = 1,
                                  .example_status = 200,
                                  .example_body = example };
    char checkpoint[320];

    snprintf(checkpoint, sizeof(checkpoint), "{\"from\": \"%s\"}", path);
    cp_turn_request(turn, &request, checkpoint);
}

/* Uploads a medium, then publishes under its parent: what an upload answered is in the next request. */
static void post(const struct cp_settings *settings, struct cp_turn *turn)
{
    char url[300];

    (void)settings;
    if (conduct == REFUSES)
        finish(turn, CP_VERDICT_REJECTED);
    else if (conduct == SILENT)
        return;
    else if (!turn->reply || conduct == ENDLESS)
        ask(turn, CP_STEP_PREPARE, "https://s.example/media", "‹media 1›");
    else if (conduct == EARLY_END)
        finish(turn, CP_VERDICT_UNKNOWN);
    else if (turn->publish_replied)
        finish(turn, conduct == WELL ? CP_VERDICT_ACCEPTED : CP_VERDICT_UNKNOWN);
    else {
        assert_string_equal(turn->checkpoint, "{\"from\": \"https://s.example/media\"}");
        snprintf(url, sizeof(url), "https://s.example/%s/%s/%s", turn->account_id,
                 turn->parent_id ? turn->parent_id : "-", turn->reply->body);
        for (char *c = url; *c; c++)
            *c = *c == ' ' ? '_' : *c;
        ask(turn, CP_STEP_PUBLISH, url, "{\"id\":\"‹id›\"}");
    }
}

static const struct cp_option no_options[] = { { 0 } };
static const struct cp_adapter walker = {
    CP_ADAPTER_INIT,
    .name = "walker",
    .options = no_options,
    .facts = "{}",
    .turns = { [CP_POST] = post },
};

static json_t *walk(unsigned part_number, struct cp_error *err)
{
    struct cp_settings settings = { .account = "a" };
    struct cp_part_view part = { .text = "x", .language = "en" };
    struct cp_turn turn = { .part = &part, .part_number = part_number, .part_total = 3 };

    return cp_adapter_requests(&walker, &settings, &turn, err);
}

static const char *url_of(json_t *list, size_t index)
{
    return json_string_value(json_object_get(json_array_get(list, index), "url"));
}

static void the_requests_follow_from_the_example_replies(void **state)
{
    struct cp_error err = { 0 };
    json_t *list;

    (void)state;
    conduct = WELL;
    list = walk(1, &err);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(url_of(list, 0), "https://s.example/media");
    assert_string_equal(url_of(list, 1), "https://s.example/‹account›/-/‹media_1›");
    json_decref(list);
    list = walk(2, &err);
    assert_string_equal(url_of(list, 1), "https://s.example/‹account›/‹post_1›/‹media_1›");
    json_decref(list);
}

static void an_adapter_that_breaks_the_contract_is_named(void **state)
{
    static const struct {
        int conduct;
        const char *reason;
    } rows[] = {
        { ENDLESS, "'walker' breaks its contract: its steps do not end" },
        { EARLY_END, "ends without a publish step" },
        { DOES_NOT_ACCEPT, "does not accept its own example" },
        { SILENT, "no answer" },
        { REFUSES, "too long for it" },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct cp_error err = { 0 };

        conduct = rows[i].conduct;
        assert_null(walk(1, &err));
        if (!strstr(err.message, rows[i].reason))
            fail_msg("row %zu: %s", i, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_requests_follow_from_the_example_replies),
        cmocka_unit_test(an_adapter_that_breaks_the_contract_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

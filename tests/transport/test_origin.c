/* tests/transport/test_origin.c */
#include "carrier.h"

static const struct {
    const char *origin, *url;
    bool inside;
} places[] = {
    { "https://a.example", "https://a.example/x", true },
    { "https://a.example", "https://a.example:443/x", true },
    { "https://a.example:443", "https://A.Example", true },
    { "https://a.example/", "HTTPS://a.example/x?y#z", true },
    { "http://127.0.0.1:8080", "http://127.0.0.1:8080/", true },
    { "http://127.0.0.1", "http://127.1/", true }, /* the same number */
    { "http://127.0.0.1", "http://0x7f.0.0.1/", true },
    { "https://a.example", "http://a.example/x", false },
    { "https://a.example", "https://a.example:444/x", false },
    { "https://a.example", "https://b.a.example/x", false },
    { "https://a.example", "https://a.example.evil.example/", false },
    { "https://a.example", "https://a.example@evil.example/", false },
    { "https://a.example", "https://evil.example/https://a.example/", false },
    { "https://a.example", "https://evil.example#@a.example/", false },
    { "https://a.example", "https://evil.example\\@a.example/", false },
    { "https://a.example", "https://a.example:pw@a.example/", false },
    { "https://a.example", "//a.example/", false },
    { "https://a.example", "a.example", false },
    { "https://a.example", "", false },
    { "a.example", "https://a.example/", false },
    { "", "", false },
};

static void a_place_is_inside_only_with_equal_scheme_host_and_port(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(places); i++)
        if (cp_origin_contains(places[i].origin, places[i].url) != places[i].inside)
            fail_msg("'%s' and '%s'", places[i].origin, places[i].url);
}

static const struct {
    const char *url;
    bool allowed, loopback;
} addresses[] = {
    { "https://a.example/x", true, false },
    { "https://127.0.0.1/", true, true },
    { "http://127.0.0.1:9/", true, true },
    { "http://127.255.0.9/", true, true },
    { "http://localhost/", true, true },
    { "http://LocalHost:80/", true, true },
    { "http://[::1]:8080/", true, true },
    { "http://[0:0:0:0:0:0:0:1]/", true, true },
    { "http://a.example/", false, false },
    { "http://128.0.0.1/", false, false },
    { "http://[::2]/", false, false },
    { "http://[::ffff:127.0.0.1]/", false, false },
    { "http://localhost.evil.example/", false, false },
    { "http://127.0.0.1.evil.example/", false, false },
    { "http://127.0.0.1@evil.example/", false, false },
    { "ftp://127.0.0.1/", false, true },
    { "file:///etc/passwd", false, false },
    { "gopher://a.example/", false, false },
    { "https://", false, false },
    { "https://a b/", false, false },
    { "https://a.example/\r\nX: y", false, false },
    { "", false, false },
};

static void plain_http_is_for_this_machine_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(addresses); i++) {
        struct cp_error err = { 0 };

        if (cp_origin_allowed(addresses[i].url, &err) != addresses[i].allowed ||
            (err.domain == NULL) != addresses[i].allowed ||
            cp_origin_is_loopback(addresses[i].url) != addresses[i].loopback)
            fail_msg("'%s' (%s)", addresses[i].url, err.message);
    }
}

static void messages_do_not_show_what_may_be_a_secret(void **state)
{
    static const char *const urls[] = {
        "http://a.example/botSECRET/send", "http://a.example/?access_token=SECRET",
        "https://me:SECRET@a.example/",    "https://SECRET@a.example/",
        "ftp://a.example/SECRET",          "https://a b/?SECRET",
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(urls); i++) {
        struct cp_error err = { 0 };

        assert_false(cp_origin_allowed(urls[i], &err));
        if (strstr(err.message, "SECRET"))
            fail_msg("%s", err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_inside_only_with_equal_scheme_host_and_port),
        cmocka_unit_test(plain_http_is_for_this_machine_only),
        cmocka_unit_test(messages_do_not_show_what_may_be_a_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/text/test_utf8.c */
#include "cmocka_all.h"

#include "text/text.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
    const char *bytes;
    size_t size, wrong_at; /* SIZE_MAX: well formed */
} rows[] = {
    { BYTES(""), SIZE_MAX },
    { BYTES("plain"), SIZE_MAX },
    { BYTES("longer than eight bytes of ASCII\n"), SIZE_MAX },
    { BYTES("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80"), SIZE_MAX },
    { BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), SIZE_MAX },
    { BYTES("\xef\xbb\xbf"), SIZE_MAX },
    { BYTES("nul\0in it"), 3 },
    { BYTES("eight by\0tes"), 8 },
    { BYTES("1234567\x80"), 7 },
    { BYTES("\x80"), 0 },
    { BYTES("a\xbfz"), 1 },
    { BYTES("overlong \xc0\xaf"), 9 },
    { BYTES("\xc1\xbf"), 0 },
    { BYTES("\xe0\x9f\xbf"), 0 },
    { BYTES("\xf0\x8f\xbf\xbf"), 0 },
    { BYTES("surrogate \xed\xa0\x80"), 10 },
    { BYTES("\xed\xbf\xbf"), 0 },
    { BYTES("beyond \xf4\x90\x80\x80"), 7 },
    { BYTES("\xf5\x80\x80\x80"), 0 },
    { BYTES("\xff"), 0 },
    { BYTES("cut \xe2\x82"), 4 },
    { BYTES("cut \xf0\x9f\x98"), 4 },
    { BYTES("cut \xc3"), 4 },
    { BYTES("\xe2\x28\xa1"), 0 },
    { BYTES("\xe2\x82\x28"), 0 },
};

static void only_what_rfc_3629_allows_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        size_t at = SIZE_MAX;
        bool good = cp_utf8_check(rows[i].bytes, rows[i].size, &at);

        if (good != (rows[i].wrong_at == SIZE_MAX) || at != rows[i].wrong_at)
            fail_msg("row %zu: %d at %zu", i, good, at);
    }
}

static void every_code_point_goes_there_and_back(void **state)
{
    struct cp_buffer buffer = { 0 };

    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        size_t at = 0;

        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        cp_buffer_clear(&buffer);
        cp_utf8_put(&buffer, c);
        if (!cp_utf8_check(buffer.data, buffer.size, NULL) ||
            cp_utf8_next(buffer.data, buffer.size, &at) != c || at != buffer.size)
            fail_msg("U+%04X", (unsigned)c);
    }
    cp_buffer_release(&buffer);
}

static void an_ill_formed_byte_is_one_character(void **state)
{
    const char *text = "a\xe2\x82z";
    size_t at = 1;

    (void)state;
    assert_int_equal(cp_utf8_next(text, 4, &at), 0xFFFD);
    assert_int_equal(at, 2);
    assert_int_equal(cp_utf8_next(text, 4, &at), 0xFFFD);
    assert_int_equal(cp_utf8_next(text, 4, &at), 'z');
    assert_int_equal(at, 4);
}

static void composition_joins_letter_and_mark(void **state)
{
    static const struct {
        const char *from, *to; /* NULL: refused */
    } composed[] = {
        { "e\xcc\x81", "\xc3\xa9" },
        { "plain", "plain" },
        { "", "" },
        { "\xe2\x84\xab", "\xc3\x85" },
        { "\xf0\x9f\x98\x80 ok", "\xf0\x9f\x98\x80 ok" },
        { "\xff", NULL },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(composed); i++) {
        size_t size = 0;
        char *text = cp_text_nfc(composed[i].from, strlen(composed[i].from), &size);

        if (!composed[i].to) {
            assert_null(text);
            continue;
        }
        assert_string_equal(text, composed[i].to);
        assert_int_equal(size, strlen(composed[i].to));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_rfc_3629_allows_is_accepted),
        cmocka_unit_test(every_code_point_goes_there_and_back),
        cmocka_unit_test(an_ill_formed_byte_is_one_character),
        cmocka_unit_test(composition_joins_letter_and_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* src/text/text.h - what a text is to the platforms: characters, lengths, links, mentions, tags.
 *
 * Text is UTF-8 and was checked with cp_utf8_check() when it was read; the functions below never read
 * past `size`, whatever the bytes are, and count what is ill-formed as some character. Offsets and
 * sizes are bytes unless the name says otherwise. Nothing here prints, and nothing depends on the
 * locale. Suggestions for misspelt names (cp_nearest) come from base/nearest.h.
 */
#ifndef CP_TEXT_TEXT_H
#define CP_TEXT_TEXT_H

#include <camp-post/adapter.h> /* struct cp_entity */

#include "base/buffer.h"
#include "base/macros.h"
#include "base/nearest.h"

struct cp_arena;

/* --- UTF-8 (RFC 3629) --- */

/* True: well formed, free of NUL, overlong forms and surrogates. Else *out_at (may be NULL) is the
 * offset of the first byte of the sequence that is wrong. */
bool cp_utf8_check(const char *text, size_t size, size_t *out_at);

/* The code point at text[*at]; moves *at past it. U+FFFD and one byte further for an ill-formed
 * one. Needs *at < size. */
uint32_t cp_utf8_next(const char *text, size_t size, size_t *at);

/* Appends one code point. */
void cp_utf8_put(struct cp_buffer *out, uint32_t code_point);

/* --- length --- */

/* Zero is the one that most platforms mean. */
enum cp_text_unit { CP_GRAPHEMES, CP_CODE_POINTS, CP_UTF16, CP_BYTES, CP_TEXT_UNITS };

/* The words of facts, plans and messages: "graphemes", "code points", "UTF-16 units", "bytes". */
const char *cp_text_unit_name(enum cp_text_unit unit);
/* Reads such a word; false leaves *out alone. */
bool cp_text_unit_parse(const char *name, enum cp_text_unit *out);

/* How a server departs from counting as typed; from its facts. All zero: as typed. */
struct cp_text_rules {
    size_t url_cost;         /* what every link counts, however long it is; 0: as typed */
    bool mention_local_only; /* @user@domain counts as @user */
};

/* The length of a text. `entities` are those of cp_text_entities() for this text, in order; with
 * rules NULL or none that asks for them they may be NULL.
 * Graphemes are Unicode's extended grapheme clusters (UAX 29) as the system's ICU has them; versions
 * of Unicode differ in rare scripts, and an older one counts rather more than less.
 * SIZE_MAX when memory ran out: too long for every limit. */
size_t cp_text_count(const char *text, size_t size, enum cp_text_unit unit,
                     const struct cp_text_rules *rules, const struct cp_entity *entities,
                     size_t entity_count);

/* The same for a warning and a text that the server counts as one string, without anything
 * between: a cluster may even join across. `entities` are those of the text; nothing in the warning
 * is shortened. warning may be NULL. */
size_t cp_text_count_joined(const char *warning, const char *text, size_t size,
                            enum cp_text_unit unit, const struct cp_text_rules *rules,
                            const struct cp_entity *entities, size_t entity_count);

/* Canonical composition (NFC). Returns a terminated string; free() it. NULL: no memory, or text that
 * is not UTF-8. */
char *cp_text_nfc(const char *text, size_t size, size_t *out_size);

/* --- links, mentions, tags --- */

enum cp_dialect {
    CP_DIALECT_PLAIN,    /* http and https links; no mention, no tag */
    CP_DIALECT_MASTODON, /* what Mastodon and its forks find; doubtful links are none */
};

/* Finds entities, ordered and not overlapping (of two, the one that starts first). The array lives
 * in the arena; NULL when there are none. After an empty answer cp_arena_failed() tells whether
 * memory ran out. Of Mastodon's links those are left out that it does not count as links: xmpp: and
 * magnet:.
 * Sources for Mastodon: config/initializers/twitter_regex.rb, app/lib/extractor.rb,
 * app/models/account.rb, app/models/tag.rb, and the list of top-level domains of IANA. */
size_t cp_text_entities(const char *text, size_t size, enum cp_dialect dialect,
                        struct cp_arena *arena, struct cp_entity **out);

/* --- names --- */

/* An id or name of ours: [a-z0-9][a-z0-9-]*, at most 64 bytes. */
enum { CP_ID_MOST = 64 };
bool cp_id_valid(const char *name);

/* The shape of a BCP 47 language tag (RFC 5646, section 2.1): "en", "pt-BR", "zh-Hant-TW",
 * "x-private". The shape only: whether the subtags are registered is not looked up. */
bool cp_text_is_language_tag(const char *tag);

/* --- terminals --- */

/* Columns that the text takes on a terminal: 0 for combining marks and controls, 2 for wide
 * characters and emoji; a cluster is as wide as its widest character. */
size_t cp_text_width(const char *text, size_t size);

/* Appends the text so that a terminal can't be led astray: control characters, characters that turn
 * the direction of writing, and ill-formed bytes become \n, \t, \xNN or \u{NNNN}. A backslash stays. */
void cp_text_visible(struct cp_buffer *out, const char *text, size_t size);

#endif

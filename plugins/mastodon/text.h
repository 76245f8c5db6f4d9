/* plugins/mastodon/text.h - what was sent and what a server shows of it, made comparable.
 *
 * Servers turn a text into HTML: links in pieces, mentions without their domain, paragraphs, line
 * breaks. Both sides are brought to one line of plain text: white space collapsed, `@user@domain`
 * as `@user` in lower case.
 */
#ifndef CP_MASTODON_TEXT_H
#define CP_MASTODON_TEXT_H

#include <stddef.h>

/* free() the result; NULL: out of memory, or HTML beyond a megabyte. */
char *masto_plain_text(const char *text);
char *masto_plain_html(const char *html);

enum masto_likeness {
    MASTO_OTHER,
    MASTO_NEAR, /* the same letters and digits, or one cut short: markup or typography differ */
    MASTO_SAME,
};
/* Of two results of the functions above. */
enum masto_likeness masto_like(const char *a, const char *b);

#endif

/* plugins/mastodon/likeness.h - is this post of the server the one that we sent? */
#ifndef CP_MASTODON_LIKENESS_H
#define CP_MASTODON_LIKENESS_H

#include "mastodon.h"
#include "text.h"

/* A content beside a post (a `Status` of the API). Language is not compared: snac2 says "en" of all. */
struct masto_likeness_of {
    enum masto_likeness text;
    bool warning, media, reply; /* equal */
    bool visibility;            /* equal */
    bool audience; /* visibility is equal, or what servers make of it: public or unlisted, private
                    * or direct */
    bool marked;   /* it has a medium that was uploaded for this part */
};

void masto_compare(const struct cp_settings *settings, const struct cp_turn *turn,
                   const struct cp_part_view *part, const json_t *status,
                   struct masto_likeness_of *out);

enum masto_fit { MASTO_FIT_NO, MASTO_FIT_NEAR, MASTO_FIT_YES };

/* The best fit among all contents that this part was tried with. */
enum masto_fit masto_fit(const struct cp_settings *settings, const struct cp_turn *turn,
                         const json_t *status);

/* "text, visibility (unlisted)": what of `status` is not as in the part; "" when nothing. */
void masto_difference(const struct masto_likeness_of *likeness, const json_t *status, char *out,
                      size_t size);

/* How alike the part's text is to one that the server gives as it was typed. */
enum masto_likeness masto_like_source(const struct cp_part_view *part, const char *source);

#endif

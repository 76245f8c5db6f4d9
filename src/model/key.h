/* src/model/key.h - the identity of deliveries and parts.
 *
 * Delivery id: the first 128 bits of SHA-256 over the fields "camp-post delivery 1", campaign, post,
 * occurrence, account, target, each preceded by its length as 4 bytes, big endian. Wire key: likewise
 * over "camp-post key 1", the id's 16 bytes, part and generation in decimal; then base32 of RFC 4648
 * section 6 in lower case without padding. Both follow from the files alone: never from content,
 * attempt or clock. A renamed campaign, post or account keeps the id it was born with.
 * Running out of memory ends the process: a wrong key would be a second post.
 */
#ifndef CP_MODEL_KEY_H
#define CP_MODEL_KEY_H

#include "base/macros.h"

struct cp_delivery_id {
    unsigned char bytes[16];
};

enum { CP_DELIVERY_ID_HEX = 32, CP_WIRE_KEY = 26 }; /* characters, without the end */

/* target is "" but for letters and rooms. */
void cp_delivery_id_make(const char *campaign, const char *post, const char *occurrence,
                         const char *account, const char *target, struct cp_delivery_id *out);
void cp_delivery_id_hex(const struct cp_delivery_id *id, char out[CP_DELIVERY_ID_HEX + 1]);
bool cp_delivery_id_parse(const char *hex, struct cp_delivery_id *out);
/* part is 1-based. */
void cp_wire_key_make(const struct cp_delivery_id *id, unsigned part, unsigned generation,
                      char out[CP_WIRE_KEY + 1]);

#endif

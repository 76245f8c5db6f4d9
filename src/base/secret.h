/* src/base/secret.h - a token has a type that no printing function takes.
 *
 * The bytes live in their own pages: locked where the system allows it, left out of core files, and
 * wiped when released. Only the transport looks inside, when it fills a request.
 */
#ifndef CP_BASE_SECRET_H
#define CP_BASE_SECRET_H

#include "base/macros.h"

struct cp_secret;

/* Copies `bytes`; the caller wipes its own copy (cp_wipe). NULL: out of memory. */
struct cp_secret *cp_secret_create(const char *bytes, size_t size);
void cp_secret_free(struct cp_secret *secret);
/* Terminated; borrowed until the secret is freed. For the transport and for writing a credential. */
const char *cp_secret_reveal(const struct cp_secret *secret);
size_t cp_secret_size(const struct cp_secret *secret);
/* Overwrites memory in a way that the compiler can't leave out. */
void cp_wipe(void *bytes, size_t size);

#endif

/* src/base/secret.c - see secret.h. One mapping per secret: tokens are few. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct cp_secret {
    size_t size, mapped;
    char bytes[];
};

struct cp_secret *cp_secret_create(const char *bytes, size_t size)
{
    size_t mapped = (sizeof(struct cp_secret) + size + 1 + 4095) / 4096 * 4096;
    struct cp_secret *secret =
        mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (secret == MAP_FAILED)
        return NULL;
    /* Both are a second net (limits may forbid locking): the process is not dumpable either. */
    (void)mlock(secret, mapped);
    (void)madvise(secret, mapped, MADV_DONTDUMP);
    secret->size = size;
    secret->mapped = mapped;
    memcpy(secret->bytes, bytes, size);
    return secret;
}

void cp_secret_free(struct cp_secret *secret)
{
    if (!secret)
        return;
    cp_wipe(secret->bytes, secret->size);
    munmap(secret, secret->mapped);
}

const char *cp_secret_reveal(const struct cp_secret *secret)
{
    return secret->bytes;
}

size_t cp_secret_size(const struct cp_secret *secret)
{
    return secret->size;
}

void cp_wipe(void *bytes, size_t size)
{
    explicit_bzero(bytes, size);
}

/* src/plan/table.c - uthash behind three functions, told not to end the process. */
#include "plan/plan_private.h"

#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct cp_table_entry {
    void *value;
    UT_hash_handle hh;
    char key[];
};

bool cp_table_put(struct cp_table *table, const void *key, size_t size, void *value)
{
    struct cp_table_entry *entry = NULL;
    unsigned before;

    HASH_FIND(hh, table->entries, key, size, entry);
    if (entry)
        return false;
    entry = cp_arena_alloc(table->arena, sizeof(*entry) + size);
    if (!entry) {
        table->failed = true;
        return false;
    }
    memcpy(entry->key, key, size);
    entry->value = value;
    before = HASH_COUNT(table->entries);
    HASH_ADD_KEYPTR(hh, table->entries, entry->key, size, entry);
    if (HASH_COUNT(table->entries) == before)
        table->failed = true;
    return !table->failed;
}

void *cp_table_find(const struct cp_table *table, const void *key, size_t size)
{
    struct cp_table_entry *entry = NULL;

    HASH_FIND(hh, table->entries, key, size, entry);
    return entry ? entry->value : NULL;
}

void cp_table_release(struct cp_table *table)
{
    HASH_CLEAR(hh, table->entries);
}

/* src/schedule/config_private.h - between the files that read the configuration. */
#ifndef CP_SCHEDULE_CONFIG_PRIVATE_H
#define CP_SCHEDULE_CONFIG_PRIVATE_H

#include "schedule/names_private.h"
#include "schedule/reader_private.h"
#include "schedule/schedule.h"

/* `reader` is first: a read_fn gets it and knows that it is part of this. */
struct config_reader {
    struct reader reader;
    const struct cp_config_context *context;
    struct cp_config *config;
    struct names account_was;
    const char *folder; /* absolute: where relative directories start */
};

void read_accounts(struct config_reader *cr, const struct yaml_node *node);

/* A setting that is not one of every account's: the adapter's options say what it is. */
struct setting {
    const struct yaml_node *key, *value;
};

/* Fills the account's options, server and directory from its settings by the adapter's schema. */
void read_options(struct config_reader *cr, const struct yaml_node *account_node,
                  const struct cp_adapter *adapter, const struct setting *settings, size_t count,
                  struct cp_account *account);
/* The same without a schema: everything that is a word is taken as it is. */
void take_options(struct config_reader *cr, const struct setting *settings, size_t count,
                  struct cp_account *account);

/* True, with a complaint, for a key that looks as if a secret stood behind it. */
bool refuse_secret(struct reader *reader, const struct yaml_node *key);
/* Does such a key stand anywhere in the tree? */
bool holds_secret(const struct yaml_node *node);

extern const struct schema account_schema;

#endif

/* src/model/config.c - see config.h. */
#include "model/config.h"

#include <string.h>

const struct cp_account *cp_config_account(const struct cp_config *config, const char *id)
{
    for (size_t i = 0; i < config->account_count; i++) {
        if (strcmp(config->accounts[i].id, id) == 0)
            return &config->accounts[i];
    }
    return NULL;
}

static bool among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

bool cp_selector_matches(const struct cp_selector *selector, const struct cp_account *account)
{
    switch (selector->kind) {
    case CP_SELECT_ALL:
        return true;
    case CP_SELECT_ACCOUNT:
        return strcmp(account->id, selector->name) == 0;
    case CP_SELECT_TAG:
        return among(account->tags, account->tag_count, selector->name);
    case CP_SELECT_ORGANISATION:
        return account->organisation && strcmp(account->organisation, selector->name) == 0;
    case CP_SELECT_LANGUAGE:
        return among(account->languages, account->language_count, selector->name);
    case CP_SELECT_ADAPTER:
        return strcmp(account->adapter, selector->name) == 0;
    }
    return false;
}

bool cp_post_goes_to(const struct cp_post *post, const struct cp_account *account)
{
    for (size_t i = 0; i < post->to_count; i++) {
        if (cp_selector_matches(&post->to[i], account))
            return true;
    }
    return post->to_count == 0;
}

/* src/model/campaign.c - looking things up in a campaign. The lists are short: no index pays. */
#include "model/campaign.h"

#include <string.h>

const struct cp_translation *cp_texts_find(const struct cp_texts *texts, const char *language)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->items[i].language, language) == 0)
            return &texts->items[i];
    }
    return NULL;
}

const struct cp_translation *cp_texts_choose(const struct cp_texts *texts,
                                             const char *const *languages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct cp_translation *found = cp_texts_find(texts, languages[i]);

        if (found)
            return found;
    }
    return NULL;
}

const struct cp_organisation *cp_campaign_organisation(const struct cp_campaign *campaign,
                                                       const char *id)
{
    for (size_t i = 0; i < campaign->organisation_count; i++) {
        if (strcmp(campaign->organisations[i].id, id) == 0)
            return &campaign->organisations[i];
    }
    return NULL;
}

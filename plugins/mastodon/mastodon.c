/* plugins/mastodon/mastodon.c - the adapter's table: servers that speak the Mastodon API. */
#include "mastodon.h"

#include <string.h>

static const char *const visibilities[] = { "public", "unlisted", "private", "direct", NULL };

static const struct cp_option options[] = {
    { .name = "server",
      .type = CP_OPTION_SERVER,
      .required = true,
      .help = "address of the account's server, such as https://social.example" },
    { .name = "visibility",
      .type = CP_OPTION_TEXT,
      .otherwise = "public",
      .help = "who sees posts that don't say: public, unlisted, private or direct",
      .words = visibilities },
    { 0 },
};

/* Before the server was asked: the smallest usual limit, links as typed, and no memory for keys. */
static const char assumed[] =
    "{\"guarantee\":\"lookup\",\"limits\":[{\"unit\":\"graphemes\",\"max\":500}],"
    "\"warning_counts\":true,\"dialect\":\"mastodon\",\"media\":{\"most\":4,\"alt\":1500},"
    "\"rate\":{\"posts\":300,\"per_s\":10800},\"reply_to\":true}";

const char *masto_visibility(const struct cp_settings *settings, const struct cp_part_view *part)
{
    static const char *const known[] = { "public", "unlisted", "private", "direct" };
    const char *wanted =
        part->visibility ? part->visibility : cp_setting(settings, "visibility", "public");

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (wanted && strcmp(wanted, known[i]) == 0)
            return known[i];
    }
    return NULL;
}

const char *masto_text(const struct cp_part_view *part)
{
    return part->text[0] || !part->warning ? part->text : part->warning;
}

const char *masto_warning(const struct cp_part_view *part)
{
    return part->text[0] && part->warning ? part->warning : "";
}

CP_ADAPTER_EXPORT = {
    CP_ADAPTER_INIT,
    .name = "mastodon",
    .options = options,
    .facts = assumed,
    .needs_credential = true,
    .turns = {
        [CP_POST] = masto_post,
        [CP_LOOK_UP] = masto_look_up,
        [CP_FACTS] = masto_facts,
        [CP_WHO_AM_I] = masto_who_am_i,
        [CP_LOGIN] = masto_login,
    },
};

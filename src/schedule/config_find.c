/* src/schedule/config_find.c - where the configuration is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schedule/schedule.h"

/* $XDG_CONFIG_HOME, which counts only when it is absolute (XDG Base Directory Specification), or ~/.config. */
static const char *of_the_user(struct cp_arena *arena)
{
    const char *folder = getenv("XDG_CONFIG_HOME");

    if (folder && folder[0] == '/')
        return cp_arena_printf(arena, "%s/camp-post/camp-post.yaml", folder);
    folder = getenv("HOME");
    if (!folder || !*folder)
        return "~/.config/camp-post/camp-post.yaml";
    return cp_arena_printf(arena, "%s/.config/camp-post/camp-post.yaml", folder);
}

/* A file that is there but can't be read is the one that was meant: reading it says why it fails. */
const char *cp_config_find(const char *given, struct cp_arena *arena, struct cp_error *err)
{
    const char *places[] = { "camp-post.yaml", of_the_user(arena),
                             "/etc/camp-post/camp-post.yaml" };

    if (given)
        return cp_arena_string(arena, given);
    for (size_t i = 0; i < CP_COUNT(places); i++) {
        if (places[i] && access(places[i], F_OK) == 0)
            return cp_arena_string(arena, places[i]);
    }
    cp_error_set(err, &cp_base_errors, CP_BASE_SYSTEM,
                 "no configuration: looked for ./camp-post.yaml, '%s' and '%s'; name one with "
                 "--config, or make one with 'camp-post new DIR'",
                 places[1] ? places[1] : "", places[2]);
    return NULL;
}

/* src/adapter/check.c - does the table of an adapter hold what the header asks for? */
#include <stdlib.h>
#include <string.h>

#include "adapter/adapter_private.h"

const struct cp_error_domain cp_adapter_errors = { "adapter" };

enum { OPTIONS_MOST = 64, TABLE_MOST = 64 << 10 };

static bool refuse(struct cp_error *err, const char *what, const char *name)
{
    return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD, "%s%s%s%s", what,
                        name ? " '" : "", name ? name : "", name ? "'" : "");
}

/* Members of every account, whatever its adapter: an option can't have their names. */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = { "adapter",      "credential", "languages", "limits",
                                            "organisation", "tags",       "was" };

    for (size_t i = 0; i < CP_COUNT(reserved); i++)
        if (strcmp(name, reserved[i]) == 0)
            return true;
    return false;
}

static bool is_option_name(const char *name)
{
    size_t size = name ? strlen(name) : 0;

    return size > 0 && size <= CP_ID_MOST && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

static bool is_allowed(const struct cp_option *option, const char *text)
{
    const char *const *word = option->words;

    while (word && *word && strcmp(*word, text) != 0)
        word++;
    return !word || *word;
}

static bool default_fits(const struct cp_option *option)
{
    char *end;
    long long number;

    switch (option->type) {
    case CP_OPTION_NUMBER:
        number = strtoll(option->otherwise, &end, 10);
        return end != option->otherwise && !*end && number >= option->minimum &&
               number <= option->maximum;
    case CP_OPTION_BOOL:
        return strcmp(option->otherwise, "true") == 0 || strcmp(option->otherwise, "false") == 0;
    case CP_OPTION_SERVER:
    case CP_OPTION_DIRECTORY:
        return false; /* a place to publish to is always a person's choice */
    case CP_OPTION_TEXT:
        return is_allowed(option, option->otherwise);
    }
    return true;
}

static bool check_option(const struct cp_option *option, struct cp_error *err)
{
    if (!is_option_name(option->name))
        return refuse(err, "an option's name must be lower case letters, digits and '_', not",
                      option->name);
    if (is_reserved(option->name))
        return refuse(err, "every account has this member already, so it can't be the option",
                      option->name);
    if ((unsigned)option->type > CP_OPTION_DIRECTORY)
        return refuse(err, "this version does not know the type of the option", option->name);
    if (!option->help || !*option->help)
        return refuse(err, "there is no help text for the option", option->name);
    if (option->type == CP_OPTION_NUMBER && option->minimum > option->maximum)
        return refuse(err, "the minimum is above the maximum in the option", option->name);
    if (option->otherwise && option->required)
        return refuse(err, "a default makes no sense for the required option", option->name);
    if (option->otherwise && !default_fits(option))
        return refuse(err, "the default does not fit the option", option->name);
    return true;
}

static bool check_options(const struct cp_option *options, struct cp_error *err)
{
    unsigned servers = 0, directories = 0;

    for (size_t i = 0; options[i].name; i++) {
        if (i == OPTIONS_MOST)
            return refuse(err, "the list of options does not end", NULL);
        if (!check_option(&options[i], err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(options[i].name, options[k].name) == 0)
                return refuse(err, "there are two options", options[i].name);
        servers += options[i].type == CP_OPTION_SERVER;
        directories += options[i].type == CP_OPTION_DIRECTORY;
    }
    /* Secrets and files go to one place: which of two would it be? */
    if (servers > 1 || directories > 1)
        return refuse(err, "more than one option is a server or a directory", NULL);
    return true;
}

static bool check_facts(const struct cp_adapter *adapter, struct cp_error *err)
{
    struct cp_arena *arena = cp_arena_create();
    struct cp_facts facts;
    bool fine =
        arena ? cp_facts_parse(adapter->facts, arena, &facts, err) : cp_error_no_memory(err);

    if (fine && facts.guarantee != CP_GUARANTEE_NONE && !adapter->turns[CP_LOOK_UP])
        fine = refuse(err, "without a look-up the guarantee can only be 'none', not",
                      cp_guarantee_name(facts.guarantee));
    cp_arena_free(arena);
    return fine;
}

bool cp_adapter_check(const struct cp_adapter *adapter, struct cp_error *err)
{
    if (adapter->abi != CP_ADAPTER_ABI)
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD,
                            "it was built for ABI %u, this camp-post has %u; build it anew",
                            adapter->abi, CP_ADAPTER_ABI);
    /* A longer table has members that this version does not know and does not look at. */
    if (adapter->size < sizeof(*adapter) || adapter->size > TABLE_MOST)
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD,
                            "its table has %u bytes instead of %zu; build it anew", adapter->size,
                            sizeof(*adapter));
    if (!adapter->name || !cp_id_valid(adapter->name))
        return refuse(err, "its name must be lower case letters, digits and '-'", adapter->name);
    if (!adapter->options || !adapter->facts)
        return refuse(err, "it has no list of options or no facts", NULL);
    if (!adapter->turns[CP_POST] || !adapter->turns[CP_WHO_AM_I])
        return refuse(err, "it can't post, or can't say who we are", NULL);
    return check_options(adapter->options, err) && check_facts(adapter, err);
}

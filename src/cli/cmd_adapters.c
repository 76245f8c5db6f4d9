/* src/cli/cmd_adapters.c - `adapters`: what is loaded, with limits, guarantee and settings. */
#include <string.h>

#include "cli/cli_private.h"

static const char *type_name(enum cp_option_type type)
{
    switch (type) {
    case CP_OPTION_TEXT:
        return "text";
    case CP_OPTION_NUMBER:
        return "number";
    case CP_OPTION_BOOL:
        return "true or false";
    case CP_OPTION_SERVER:
        return "server";
    case CP_OPTION_DIRECTORY:
        return "folder";
    }
    return "";
}

static const char *const purposes[CP_PURPOSES] = { [CP_POST] = "post",
                                                   [CP_LOOK_UP] = "look up",
                                                   [CP_FACTS] = "facts",
                                                   [CP_WHO_AM_I] = "who am I",
                                                   [CP_LOGIN] = "login" };

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *options_of(const struct cp_adapter *adapter)
{
    json_t *list = json_array();

    for (const struct cp_option *option = adapter->options; option && option->name; option++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:o, s:o}", "name", option->name, "type",
                            type_name(option->type), "required", option->required, "default",
                            cp_text_json(option->otherwise), "help", cp_text_json(option->help)));
    return list;
}

static json_t *as_json(const struct cp_adapter *adapter, const char *path)
{
    json_t *can = json_array();

    for (size_t i = 0; i < CP_PURPOSES; i++)
        if (adapter->turns[i])
            json_array_append_new(can, json_string(purposes[i]));
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:b}", "name", adapter->name, "path",
                     cp_text_json(path), "can", can, "assumed",
                     json_loads(adapter->facts ? adapter->facts : "{}", 0, NULL), "options",
                     options_of(adapter), "needs_credential", adapter->needs_credential);
}

/* ---- text ---------------------------------------------------------------------------------- */

static void put_facts(const struct cp_adapter *adapter, struct cp_arena *arena)
{
    struct cp_facts facts;

    if (!adapter->facts || !cp_facts_parse(adapter->facts, arena, &facts, NULL))
        return;
    printf("  assumed before the first contact: guarantee %s", cp_guarantee_name(facts.guarantee));
    for (size_t i = 0; i < facts.limit_count; i++)
        printf(", %llu %s", (unsigned long long)facts.limits[i].max,
               cp_text_unit_name(facts.limits[i].unit));
    if (facts.media_most)
        printf(", %llu media", (unsigned long long)facts.media_most);
    if (facts.rate_posts)
        printf(", %lld posts in %lld minutes", (long long)facts.rate_posts,
               (long long)(facts.rate_per_us / CP_MINUTE));
    fputc('\n', stdout);
}

static void put_options(const struct cp_adapter *adapter)
{
    for (const struct cp_option *option = adapter->options; option && option->name; option++) {
        printf("  %-12s %s%s", option->name, type_name(option->type),
               option->required ? ", required" : "");
        if (option->otherwise)
            printf(", %s when not given", option->otherwise);
        printf("%s%s\n", option->help ? ": " : "", option->help ? option->help : "");
    }
}

static void put_adapter(const struct cp_adapter *adapter, const char *path, struct cp_arena *arena)
{
    const char *separator = "  can ";

    printf("%s%s%s  ", cp_style_of(stdout)->bold, adapter->name, cp_style_of(stdout)->off);
    cp_put(stdout, path ? path : "");
    fputc('\n', stdout);
    for (size_t i = 0; i < CP_PURPOSES; i++) {
        if (!adapter->turns[i])
            continue;
        printf("%s%s", separator, purposes[i]);
        separator = ", ";
    }
    printf("%s\n", adapter->needs_credential ? "; needs a login" : "");
    put_facts(adapter, arena);
    put_options(adapter);
}

/* ---- the command --------------------------------------------------------------------------- */

static int print(const struct cp_adapters *adapters, const struct cp_arguments *arguments,
                 struct cp_arena *arena)
{
    const char *const *names = cp_adapters_names(adapters);
    json_t *list = json_array();

    for (size_t i = 0; names[i]; i++) {
        const struct cp_adapter *adapter = cp_adapters_find(adapters, names[i]);
        const char *path = cp_adapters_path(adapters, names[i]);

        if (arguments->json)
            json_array_append_new(list, as_json(adapter, path));
        else
            put_adapter(adapter, path, arena);
    }
    if (!arguments->json && !names[0])
        puts("No adapter was found: set CAMP_POST_PLUGINS to their folder.");
    if (!arguments->json) {
        json_decref(list);
        return CP_EXIT_FINE;
    }
    return cp_print_json(json_pack("{s:i, s:o}", "format", 1, "adapters", list))
               ? CP_EXIT_FINE
               : CP_EXIT_ENVIRONMENT;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    struct cp_error err = { 0 };
    struct cp_adapters *adapters = cp_adapters_load(NULL, &err);
    struct cp_arena *arena = cp_arena_create();
    int code;

    (void)command;
    if (!adapters || !arena)
        code = cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    else
        code = print(adapters, arguments, arena);
    cp_adapters_free(adapters);
    cp_arena_free(arena);
    return code;
}

const struct cp_command cp_cmd_adapters = {
    .name = "adapters",
    .words = "",
    .doc = "Shows what is loaded, with limits, guarantee and settings",
    .run = run,
};

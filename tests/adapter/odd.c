/* tests/adapter/odd.c - an adapter with one thing wrong, chosen when it is compiled. */
#include <camp-post/adapter.h>

static void finish(const struct cp_settings *settings, struct cp_turn *turn)
{
    struct cp_verdict verdict = { .kind = CP_VERDICT_UNKNOWN };

    (void)settings;
    cp_turn_finish(turn, &verdict, NULL);
}

static const struct cp_option options[] = {
#if defined(ODD_OPTIONS)
    { .name = "Server Name", .type = CP_OPTION_TEXT, .help = "a name with a space" },
#elif defined(ODD_DEFAULT)
    { .name = "size", .type = CP_OPTION_NUMBER, .otherwise = "11", .maximum = 10, .help = "of it" },
#elif defined(ODD_TWICE)
    { .name = "one", .type = CP_OPTION_SERVER, .help = "where" },
    { .name = "other", .type = CP_OPTION_SERVER, .help = "or here" },
#else
    { .name = "directory", .type = CP_OPTION_DIRECTORY, .required = true, .help = "where" },
#endif
    { 0 },
};

#if defined(ODD_WITHOUT)
#undef CP_ADAPTER_EXPORT
#define CP_ADAPTER_EXPORT                                                                          \
    extern const struct cp_adapter another_name;                                                   \
    const struct cp_adapter another_name
#endif

CP_ADAPTER_EXPORT = {
#if defined(ODD_ABI)
    /* Everything behind such a number may mean something else: it must not be looked at. */
    .abi = CP_ADAPTER_ABI + 1,
    .size = sizeof(struct cp_adapter),
    .name = (const char *)8,
#elif defined(ODD_SMALL)
    .abi = CP_ADAPTER_ABI,
    .size = sizeof(struct cp_adapter) - 1,
    .name = "small",
#elif defined(ODD_NAMELESS)
    CP_ADAPTER_INIT,
    .name = "Odd!",
#else
    CP_ADAPTER_INIT,
    .name = "odd",
#endif
    .options = options,
#if defined(ODD_FACTS)
    .facts = "{\"limits\": \"many\"}",
#else
    .facts = "{\"guarantee\": \"lookup\"}",
#endif
    .turns = {
#if !defined(ODD_TURNS)
        [CP_POST] = finish,
#endif
#if !defined(ODD_PROMISE)
        [CP_LOOK_UP] = finish,
#endif
        [CP_WHO_AM_I] = finish,
    },
};

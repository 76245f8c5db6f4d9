/* src/schedule/config_option.c - an account's settings by its adapter's options. */
#include "schedule/config_private.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- servers ------------------------------------------------------------------------------- */

static bool host_is_loopback(const char *host)
{
    struct in_addr address;

    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

static bool port_is_valid(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long port = digits && digits <= 5 ? strtol(text, NULL, 10) : 0;

    return !text[digits] && port >= 1 && port <= 65535;
}

/* The host of "host[:port]" in lower case; false when it is no host. */
static bool split_host(const char *text, char *host, size_t size)
{
    size_t length = text[0] == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":");
    struct in6_addr address;
    char inner[INET6_ADDRSTRLEN];

    if (!length || length >= size || length > strlen(text) ||
        (text[length] && (text[length] != ':' || !port_is_valid(text + length + 1))))
        return false;
    for (size_t i = 0; i < length; i++)
        host[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    host[length] = '\0';
    if (host[0] != '[')
        return host[0] != '-' && host[0] != '.' &&
               strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length;
    snprintf(inner, sizeof(inner), "%.*s", (int)length - 2, host + 1);
    return inet_pton(AF_INET6, inner, &address) == 1;
}

/* An origin and nothing more: a token goes there and nowhere else, so there is nothing to guess. */
static const char *read_server(struct reader *reader, const struct yaml_node *node)
{
    const char *hint = "an origin: https://host or https://host:port", *text = NULL, *rest;
    char host[256], cut[EXCERPT_SIZE];
    size_t size;
    bool secure;

    read_string(reader, node, &text);
    if (!text)
        return NULL;
    if (strchr(text, '@')) {
        complain(reader, node, "server", hint, "no user or password stands in a server's address");
        return NULL;
    }
    secure = strncasecmp(text, "https://", 8) == 0;
    rest = text + (secure ? 8 : 7);
    size = strcspn(rest, "/");
    if ((!secure && strncasecmp(text, "http://", 7) != 0) || strlen(rest + size) > 1)
        goto fail;
    rest = cp_arena_copy(reader->arena, rest, size);
    if (!rest || !split_host(rest, host, sizeof(host)))
        goto fail;
    if (!secure && !host_is_loopback(host)) {
        complain(reader, node, "server", "write https://",
                 "http:// is for this machine only (localhost, 127.0.0.1, [::1])");
        return NULL;
    }
    return cp_arena_printf(reader->arena, "%s://%s%s", secure ? "https" : "http", host,
                           rest + strlen(host));

fail:
    complain(reader, node, "server", hint, "'%s' is not the address of a server",
             excerpt(text, cut));
    return NULL;
}

/* ---- other types --------------------------------------------------------------------------- */

static const char *absolute(struct config_reader *cr, const char *text)
{
    if (!text || text[0] == '/')
        return text;
    return cp_arena_printf(cr->reader.arena, "%s/%s", strcmp(cr->folder, "/") ? cr->folder : "",
                           text);
}

static const char *read_directory(struct config_reader *cr, const struct yaml_node *node)
{
    const char *text = NULL;

    read_string(&cr->reader, node, &text);
    return absolute(cr, text);
}

static const char *read_number(struct reader *reader, const struct yaml_node *node,
                               const struct cp_option *option)
{
    int64_t value;

    if (node->kind != YAML_SCALAR || yaml_type(node) != YAML_INTEGER) {
        complain_type(reader, node, "a whole number");
        return NULL;
    }
    if (!yaml_integer(node, &value) || value < option->minimum || value > option->maximum) {
        complain(reader, node, "range", NULL, "expected %" PRId64 " to %" PRId64 ", found %.40s",
                 option->minimum, option->maximum, node->text);
        return NULL;
    }
    return cp_arena_printf(reader->arena, "%" PRId64, value);
}

static const char *read_truth(struct reader *reader, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR && yaml_type(node) == YAML_BOOL)
        return yaml_is_true(node) ? "true" : "false";
    complain_type(reader, node, "true or false");
    return NULL;
}

static const char *read_choice(struct reader *reader, const struct yaml_node *node,
                               const struct cp_option *option)
{
    const char *text = NULL;
    size_t count = 0;

    read_string(reader, node, &text);
    for (; option->words && option->words[count]; count++) {
        if (text && strcmp(option->words[count], text) == 0)
            return text;
    }
    if (!text || !option->words)
        return text;
    complain_unknown(reader, node, "word", "word", option->words, count);
    return NULL;
}

static const char *read_option(struct config_reader *cr, const struct yaml_node *node,
                               const struct cp_option *option)
{
    switch (option->type) {
    case CP_OPTION_NUMBER:
        return read_number(&cr->reader, node, option);
    case CP_OPTION_BOOL:
        return read_truth(&cr->reader, node);
    case CP_OPTION_SERVER:
        return read_server(&cr->reader, node);
    case CP_OPTION_DIRECTORY:
        return read_directory(cr, node);
    case CP_OPTION_TEXT:
        return read_choice(&cr->reader, node, option);
    }
    return NULL;
}

/* ---- options ------------------------------------------------------------------------------- */

static void set_option(struct cp_account *account, const char *name, const char *value,
                       enum cp_option_type type)
{
    if (!value)
        return;
    account->options[account->option_count++] = (struct cp_field){ name, value, NULL };
    if (type == CP_OPTION_SERVER && strcmp(name, "server") == 0)
        account->server = value;
    if (type == CP_OPTION_DIRECTORY && strcmp(name, "directory") == 0)
        account->directory = value;
}

static size_t count_options(const struct cp_adapter *adapter)
{
    size_t count = 0;

    while (adapter->options && adapter->options[count].name)
        count++;
    return count;
}

static void complain_setting(struct config_reader *cr, const struct cp_adapter *adapter,
                             const struct yaml_node *key)
{
    struct schema schema = account_schema;
    size_t count = count_options(adapter);
    const char *names[64];
    char what[100];

    if (count > CP_COUNT(names))
        count = CP_COUNT(names);
    for (size_t i = 0; i < count; i++)
        names[i] = adapter->options[i].name;
    snprintf(what, sizeof(what), "an account of adapter '%s'", adapter->name);
    schema.what = what;
    complain_unknown_key(&cr->reader, key, &schema, names, count);
}

static const struct setting *find_setting(const struct setting *settings, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(settings[i].key->text, name) == 0)
            return &settings[i];
    }
    return NULL;
}

static void check_settings(struct config_reader *cr, const struct cp_adapter *adapter,
                           const struct setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct cp_option *option = adapter->options;

        while (option && option->name && strcmp(option->name, settings[i].key->text) != 0)
            option++;
        if (!option || !option->name)
            complain_setting(cr, adapter, settings[i].key);
    }
}

void read_options(struct config_reader *cr, const struct yaml_node *account_node,
                  const struct cp_adapter *adapter, const struct setting *settings, size_t count,
                  struct cp_account *account)
{
    size_t options = count_options(adapter), before;

    check_settings(cr, adapter, settings, count);
    account->options = cp_arena_array(cr->reader.arena, options + 1, sizeof(*account->options));
    for (size_t i = 0; account->options && i < options; i++) {
        const struct cp_option *option = &adapter->options[i];
        const struct setting *setting = find_setting(settings, count, option->name);

        if (!setting && option->required)
            complain(&cr->reader, account_node, "missing-key", option->help,
                     "an account of adapter '%s' needs '%s'", adapter->name, option->name);
        if (!setting) {
            set_option(account, option->name,
                       option->type == CP_OPTION_DIRECTORY ? absolute(cr, option->otherwise)
                                                           : option->otherwise,
                       option->type);
            continue;
        }
        before = enter_key(&cr->reader, option->name);
        set_option(account, option->name, read_option(cr, setting->value, option), option->type);
        leave(&cr->reader, before);
    }
}

void take_options(struct config_reader *cr, const struct setting *settings, size_t count,
                  struct cp_account *account)
{
    account->options = cp_arena_array(cr->reader.arena, count + 1, sizeof(*account->options));
    for (size_t i = 0; account->options && i < count; i++) {
        const struct yaml_node *value = settings[i].value;
        const char *name = settings[i].key->text;
        size_t before = enter_key(&cr->reader, name);

        if (strcmp(name, "server") == 0)
            set_option(account, name, read_server(&cr->reader, value), CP_OPTION_SERVER);
        else if (strcmp(name, "directory") == 0)
            set_option(account, name, read_directory(cr, value), CP_OPTION_DIRECTORY);
        else if (value->kind == YAML_SCALAR)
            set_option(account, name, value->text, CP_OPTION_TEXT);
        else
            complain_type(&cr->reader, value, "a word or a number");
        leave(&cr->reader, before);
    }
}

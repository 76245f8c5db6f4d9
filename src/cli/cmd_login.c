/* src/cli/cmd_login.c - `login`: from nothing to a credential and an account in the configuration.
 *
 * The adapter leads through its platform's login; here the person is asked, what came of it is written
 * (0600), and it is tried out at once. The account's lines go into the configuration in place, or are
 * printed to be pasted. A token is never printed, and never taken from arguments or environment.
 */
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli_private.h"

static const struct argp_option options[] = {
    { "adapter", CP_KEY_ADAPTER, "NAME", 0, "Of a new account; mastodon when not given", 0 }, { 0 }
};

struct login {
    struct cp_session session;
    const struct cp_arguments *arguments;
    struct cp_inquiries inquiries;
    const struct cp_adapter *adapter;
    const struct cp_account *known; /* in the configuration already, or NULL */
    struct cp_account account;      /* what it is, or is to be */
    struct cp_error err;
};

/* ---- asking the person --------------------------------------------------------------------- */

/* Reads a line, without showing it on a terminal when it is a secret. */
static char *read_line(bool secret)
{
    struct termios before, quiet;
    bool hidden = secret && tcgetattr(STDIN_FILENO, &before) == 0;
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    if (hidden) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    size = getline(&line, &room, stdin);
    if (hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    while (size > 0 && strchr(" \t\r\n", line[size - 1]))
        line[--size] = '\0';
    if (size > 0)
        return line;
    free(line);
    return NULL;
}

static char *ask_person(const struct cp_ask *ask, void *ctx)
{
    (void)ctx;
    fflush(stdout);
    cp_put_wrapped(stderr, ask->text ? ask->text : "", 0, "", cp_columns());
    if (ask->url) {
        fputs("\n  ", stderr);
        cp_put(stderr, ask->url);
        fputs("\n\n", stderr);
    }
    cp_put(stderr, ask->prompt ? ask->prompt : "answer");
    fputs(": ", stderr);
    fflush(stderr);
    return read_line(ask->secret);
}

/* ---- which account ------------------------------------------------------------------------- */

/* "social.example/" is meant as "https://social.example". */
static const char *origin_of(struct login *login, const char *typed)
{
    struct cp_arena *arena = login->session.arena;
    char *origin = strstr(typed, "://") ? cp_arena_string(arena, typed)
                                        : cp_arena_printf(arena, "https://%s", typed);
    size_t size = origin ? strlen(origin) : 0;

    while (size && origin[size - 1] == '/')
        origin[--size] = '\0';
    return origin;
}

static bool wrong(struct login *login, const char *fmt, const char *a, const char *b, const char *c)
{
    char message[400];

    /* Every format below is a constant of this file. */
    snprintf(message, sizeof(message), "%s '%s'%s%s%s%s", fmt, a, b ? ": " : "", b ? b : "",
             c ? " " : "", c ? c : "");
    return cp_error_set(&login->err, &cp_base_errors, CP_BASE_USAGE, "%s", message);
}

static bool take_known(struct login *login, const char *server)
{
    login->account = *login->known;
    if (!login->account.credential)
        login->account.credential = login->account.id;
    if (server && login->account.server && strcmp(server, login->account.server) != 0)
        return wrong(login, "the configuration has this account at", login->account.server,
                     "give another one a name of its own", NULL);
    return true;
}

/* As the configuration will say it: languages are those of the first campaign that can be read. */
static bool take_new(struct login *login, const char *id, const char *server)
{
    struct cp_session *session = &login->session;
    static const char *english[] = { "en" };
    struct cp_field *server_option = cp_arena_alloc(session->arena, sizeof(*server_option));

    if (!server)
        return wrong(login, "there is no account", id, "name the server of a new one, as in",
                     "camp-post login NAME https://social.example");
    if (!server_option)
        return cp_error_no_memory(&login->err);
    *server_option = (struct cp_field){ "server", server, NULL };
    login->account = (struct cp_account){
        .id = id,
        .adapter = login->arguments->adapter ? login->arguments->adapter : "mastodon",
        .server = server,
        .credential = id,
        .languages = english,
        .language_count = 1,
        .limits = { -1, -1, -1, -1, -1 },
        .options = server_option,
        .option_count = 1,
    };
    cp_session_zone(session, ""); /* reads the campaigns */
    if (session->campaign_count) {
        login->account.languages = session->campaigns[0]->languages;
        login->account.language_count = session->campaigns[0]->language_count;
    }
    return true;
}

static bool choose_account(struct login *login)
{
    const struct cp_arguments *arguments = login->arguments;
    const char *id = arguments->words[0];
    const char *server = arguments->word_count > 1 ? origin_of(login, arguments->words[1]) : NULL;

    if (!cp_id_valid(id))
        return wrong(login, "an account can't be called", id, "use a-z, 0-9 and '-'", NULL);
    if (server && !cp_origin_allowed(server, &login->err)) {
        login->err.domain = &cp_base_errors;
        login->err.code = CP_BASE_USAGE;
        return false;
    }
    login->known = cp_config_account(login->session.config, id);
    if (login->known ? !take_known(login, server) : !take_new(login, id, server))
        return false;
    login->adapter = cp_adapters_find(login->session.adapters, login->account.adapter);
    if (!login->adapter)
        return wrong(login, "there is no adapter", login->account.adapter,
                     "`camp-post adapters` names those that are there", NULL);
    if (!login->adapter->turns[CP_LOGIN])
        return wrong(login, "there is nothing to log in to with the adapter",
                     login->account.adapter, NULL, NULL);
    return true;
}

/* ---- the steps ----------------------------------------------------------------------------- */

static bool log_in(struct login *login, const char **out_credential)
{
    struct cp_inquiry inquiry = { .adapter = login->adapter,
                                  .account = &login->account,
                                  .purpose = CP_LOGIN,
                                  .ask = ask_person };
    struct cp_verdict verdict;

    if (!cp_inquire(&login->inquiries, &inquiry, &verdict, &login->err))
        return false;
    if (verdict.kind != CP_VERDICT_ACCEPTED || !verdict.credential)
        return cp_error_set(&login->err, &cp_base_errors, CP_BASE_SYSTEM, "the login failed: %s",
                            verdict.reason ? verdict.reason : "the server gave no reason");
    *out_credential = verdict.credential;
    return true;
}

/* Tried as it was written, from the file: what works now will work for the service. */
static bool try_out(struct login *login, struct cp_verdict *who)
{
    struct cp_inquiry inquiry = { .adapter = login->adapter,
                                  .account = &login->account,
                                  .purpose = CP_WHO_AM_I };
    struct cp_credential *credential = cp_credential_read(login->session.config->credentials,
                                                          login->account.credential, &login->err);
    bool asked;

    *who = (struct cp_verdict){ .kind = CP_VERDICT_ACCEPTED };
    if (!credential)
        return false;
    inquiry.credential = credential;
    asked = !login->adapter->turns[CP_WHO_AM_I] ||
            cp_inquire(&login->inquiries, &inquiry, who, &login->err);
    cp_credential_free(credential);
    if (asked && who->kind != CP_VERDICT_ACCEPTED)
        return cp_error_set(
            &login->err, &cp_base_errors, CP_BASE_SYSTEM,
            "the credential was written, but the server does not say who we are: %s",
            who->reason ? who->reason : "no reason was given");
    return asked;
}

static char *account_lines(const struct cp_account *account)
{
    struct cp_buffer lines = { 0 };

    cp_buffer_printf(&lines, "%s:\n  adapter: %s\n  server: %s\n  languages: [", account->id,
                     account->adapter, account->server);
    for (size_t i = 0; i < account->language_count; i++)
        cp_buffer_printf(&lines, "%s%s", i ? ", " : "", account->languages[i]);
    cp_buffer_printf(&lines, "]\n  credential: %s\n", account->credential);
    return cp_buffer_steal(&lines);
}

static void print_indented(const char *lines, int indent)
{
    while (*lines) {
        int size = (int)strcspn(lines, "\n");

        printf("%*s%.*s\n", indent, "", size, lines);
        lines += size + (lines[size] == '\n');
    }
}

/* The credential is there, so this is no failure: the person is told what is left to do. */
static void add_account(struct login *login)
{
    const char *path = login->session.config->path;
    struct cp_error err = { 0 };
    char *lines;

    if (login->known && login->known->credential)
        return;
    if (login->known) {
        printf("Add this to the account in %s:\n  credential: %s\n", path,
               login->account.credential);
        return;
    }
    lines = account_lines(&login->account);
    if (lines && cp_config_add_account(path, login->account.id, lines, &err)) {
        printf("Added the account '%s' to %s.\n", login->account.id, path);
    } else if (lines) {
        cp_fail_with(0, &err);
        printf("Put this into %s:\naccounts:\n", path);
        print_indented(lines, 2);
    }
    free(lines);
}

static bool carry_out(struct login *login)
{
    const struct cp_config *config = login->session.config;
    const char *credential = NULL;
    struct cp_verdict who;

    if (!log_in(login, &credential) ||
        !cp_credential_write(config->credentials, login->account.credential, credential,
                             &login->err))
        return false;
    printf("Wrote the credential to %s/%s.json, for this user alone.\n", config->credentials,
           login->account.credential);
    if (!try_out(login, &who))
        return false;
    fputs("We are ", stdout);
    cp_put(stdout, who.name ? who.name : who.remote_id ? who.remote_id : login->account.id);
    if (login->account.server)
        printf(" at %s", login->account.server);
    fputs(".\n", stdout);
    add_account(login);
    return true;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    struct login login = { .arguments = arguments };
    int code;
    bool done;

    (void)command;
    if (arguments->dry_run)
        return cp_fail(CP_EXIT_USAGE, "a login can't be tried with --dry-run");
    code = cp_session_begin(arguments, &login.session);
    if (code)
        return code;
    done = choose_account(&login) &&
           cp_inquiries_open(&login.inquiries, login.session.arena, &login.err) &&
           carry_out(&login);
    if (!done)
        code = cp_fail_with(login.err.domain == &cp_base_errors && login.err.code == CP_BASE_USAGE
                                ? CP_EXIT_USAGE
                                : CP_EXIT_ENVIRONMENT,
                            &login.err);
    cp_inquiries_close(&login.inquiries);
    cp_session_close(&login.session);
    return code;
}

const struct cp_command cp_cmd_login = {
    .name = "login",
    .words = "ACCOUNT [SERVER]",
    .doc =
        "Gets a credential, and adds the account to the configuration\v"
        "SERVER: https://social.example; not needed for an account that is configured already. The "
        "code that the server shows is read from the terminal or from standard input.",
    .options = options,
    .least = 1,
    .most = 2,
    .decides = true,
    .run = run,
};

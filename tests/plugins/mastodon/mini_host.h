/* tests/plugins/mastodon/mini_host.h - the least host that an adapter can be run with.
 *
 * It keeps a copy of what the adapter answered and hands the checkpoint on to the next turn, as the
 * real one does. Two answers in one turn, or none, stop the program.
 */
#ifndef CP_TESTS_MINI_HOST_H
#define CP_TESTS_MINI_HOST_H

#include <camp-post/adapter.h>

#define SECOND INT64_C(1000000)
#define NOW    (INT64_C(1644931680) * SECOND) /* 2022-02-15T13:28:00Z */

enum mini_kind { MINI_NONE, MINI_REQUEST, MINI_VERDICT, MINI_ASK };

struct mini_answer {
    enum mini_kind kind;
    enum cp_step step;
    char *method, *url, *headers; /* headers: "Name: value‹secret›\n" each */
    char *body;                   /* media as ‹SHA256› */
    char *example;
    struct cp_verdict verdict; /* its strings are copies */
    char *text, *ask_url;      /* of an ask */
};

struct mini_host {
    struct cp_settings settings;
    struct cp_part_view part;
    struct cp_turn turn; /* what a test sets is kept from turn to turn */
    struct mini_answer answer;
    char *checkpoint;
    struct cp_host calls;
    char *strings[64]; /* what the answer's members point to */
    int string_count;
};

/* Starts with an account at https://social.example and a public English part "Hello". */
void mini_start(struct mini_host *host, enum cp_purpose purpose);
/* Runs a turn without a reply. */
const struct mini_answer *mini_turn(struct mini_host *host);
/* Runs a turn with one. `headers` is "Name: value" or NULL. */
const struct mini_answer *mini_reply(struct mini_host *host, int status, const char *headers,
                                     const char *body);
/* Runs a turn of a login with what a person typed. */
const struct mini_answer *mini_typed(struct mini_host *host, const char *typed);
void mini_end(struct mini_host *host);

#endif

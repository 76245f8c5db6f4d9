/* src/model/part.c - every legal step of a part.
 *
 * IN_FLIGHT is durable before the first byte leaves. A crash or a lost answer leads to VERIFY, never
 * straight back to PLANNED: that takes a reply or a read that proves absence, or a person.
 */
#include "model/part.h"

#include <string.h>

static const enum cp_part_state next_state[CP_PART_STATES][CP_PART_EVENTS] = {
    [CP_PLANNED] = { [CP_ON_START] = CP_IN_FLIGHT,
                     [CP_ON_REJECTED] = CP_REJECTED, /* a refused upload */
                     [CP_ON_TOO_LATE] = CP_EXPIRED,
                     [CP_ON_CANCEL] = CP_CANCELLED },
    [CP_IN_FLIGHT] = { [CP_ON_ACCEPTED] = CP_PUBLISHED,
                       [CP_ON_REJECTED] = CP_REJECTED,
                       [CP_ON_SURELY_NOT] = CP_PLANNED,
                       [CP_ON_DOUBT] = CP_VERIFY,
                       [CP_ON_NO_PROOF] =
                           CP_UNCERTAIN }, /* its account has left: nobody can read */
    [CP_VERIFY] = { [CP_ON_FOUND] = CP_PUBLISHED,
                    [CP_ON_ABSENT] = CP_PLANNED,
                    [CP_ON_NO_PROOF] = CP_UNCERTAIN,
                    [CP_ON_TOO_LATE] = CP_EXPIRED },
    [CP_UNCERTAIN] = { [CP_ON_RESOLVED] = CP_PUBLISHED,
                       [CP_ON_RESEND] = CP_PLANNED,
                       [CP_ON_CANCEL] = CP_CANCELLED },
    [CP_REJECTED] = { [CP_ON_RETRY] = CP_PLANNED },
    [CP_EXPIRED] = { [CP_ON_RETRY] = CP_PLANNED, [CP_ON_MOVED] = CP_PLANNED },
    /* PUBLISHED and CANCELLED are final. */
};

static const char *const state_names[] = { [CP_NOWHERE] = "nowhere",
#define X(name, word) [CP_##name] = word,
                                           CP_PART_STATE_MAP(X)
#undef X
};

static const char *const event_names[] = {
#define X(name, word) [CP_##name] = word,
    CP_PART_EVENT_MAP(X)
#undef X
};

const char *cp_part_state_name(enum cp_part_state state)
{
    return state_names[state];
}

const char *cp_part_event_name(enum cp_part_event event)
{
    return event_names[event];
}

enum cp_part_state cp_part_state_parse(const char *word)
{
    for (int state = CP_NOWHERE + 1; state < CP_PART_STATES; state++) {
        if (strcmp(word, state_names[state]) == 0)
            return (enum cp_part_state)state;
    }
    return CP_NOWHERE;
}

enum cp_part_state cp_part_next(enum cp_part_state from, enum cp_part_event event)
{
    return next_state[from][event];
}

bool cp_part_is_final(enum cp_part_state state)
{
    return state == CP_PUBLISHED || state == CP_CANCELLED;
}

bool cp_part_is_open(enum cp_part_state state)
{
    return state == CP_IN_FLIGHT || state == CP_VERIFY;
}

/* What only a person can change comes before what passes by itself. */
static const char *planned_word(const struct cp_part_view_input *input)
{
    if (!input->wanted)
        return "unwanted";
    if (input->standby)
        return "standby";
    if (input->late)
        return "late";
    if (input->held)
        return "held";
    if (input->waiting)
        return "waiting";
    if (input->uploading)
        return "uploading";
    return input->due_us <= input->now_us ? "due" : "planned";
}

const char *cp_part_shown(const struct cp_part_view_input *input)
{
    if (input->state == CP_PLANNED)
        return planned_word(input);
    if (input->state == CP_PUBLISHED && input->seen)
        return "seen";
    return cp_part_state_name(input->state);
}

static bool has_word(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
}

const char *cp_delivery_shown(const char *const *words, size_t count)
{
    static const char *const worst[] = { "uncertain", "rejected", "expired", "verify",
                                         "in_flight" };

    for (size_t i = 0; i < CP_COUNT(worst); i++) {
        if (has_word(words, count, worst[i]))
            return worst[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], "published") != 0 && strcmp(words[i], "seen") != 0)
            return words[i];
    }
    return has_word(words, count, "published") ? "published" : "seen";
}

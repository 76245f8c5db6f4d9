/* src/service/command_answer.c - what a person is told of their decision. */
#include "service/command_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t changed_count(const struct command *command)
{
    size_t changed = 0;

    for (size_t i = 0; i < command->count; i++)
        changed += command->targets[i].changed;
    return changed;
}

static void say_count(struct cp_buffer *out, size_t count, const char *one, const char *many)
{
    cp_buffer_printf(out, "%zu %s", count, count == 1 ? one : many);
}

static void say_hold(const struct command *command, struct cp_buffer *out)
{
    size_t under_way = json_array_size(command->under_way);

    cp_buffer_puts(out, "held");
    if (!command->covers_something)
        cp_buffer_puts(out, "; nothing that was accepted is of this scope: is it what you mean? "
                            "`camp-post status` names what there is");
    if (under_way) {
        cp_buffer_puts(out, "; ");
        say_count(out, under_way, "part was", "parts were");
        cp_buffer_puts(out, " already on the way and can't be stopped");
    }
}

static void say_release(const struct command *command, struct cp_buffer *out)
{
    size_t changed = changed_count(command);

    if (!command->ended_count && !changed)
        cp_buffer_puts(out, "nothing of this scope was held or waiting");
    if (command->ended_count)
        say_count(out, command->ended_count, "hold ended", "holds ended");
    if (command->ended_count && changed)
        cp_buffer_puts(out, ", ");
    if (changed)
        say_count(out, changed, "delivery released", "deliveries released");
    if (command->waiting)
        cp_buffer_printf(
            out, "; %zu on standby or late still wait: name the post, or say --standby or --late",
            command->waiting);
    if (command->still_held)
        cp_buffer_printf(out, "; still held: %s", command->still);
    if (command->service->hold_file)
        cp_buffer_puts(out,
                       "; the file HOLD in the state folder still holds everything: remove it");
}

static void say_too_late(const struct command *command, struct cp_buffer *out)
{
    const struct target *target = &command->targets[0];

    cp_buffer_printf(out, "too late: '%s' is %s", target->key,
                     target->after ? target->after : target->before);
    if (command->kind == RETRY && target->retriable)
        cp_buffer_puts(out, " and past its send_by; say --send-by and how long from now");
}

static void say(const struct command *command, struct cp_buffer *out)
{
    size_t changed = changed_count(command);

    if (command->kind == HOLD) {
        say_hold(command, out);
    } else if (command->kind == RELEASE) {
        say_release(command, out);
    } else if (!command->count) {
        cp_buffer_puts(out, "no delivery of this name");
    } else if (!changed) {
        say_too_late(command, out);
    } else {
        say_count(out, changed, "delivery changed", "deliveries changed");
    }
}

static bool is_fine(const struct command *command)
{
    if (command->task.failed)
        return false;
    if (command->kind == HOLD)
        return true;
    if (command->kind == RELEASE)
        return command->ended_count || changed_count(command);
    return changed_count(command) > 0;
}

static json_t *list_targets(const struct command *command)
{
    json_t *list = json_array();

    for (size_t i = 0; i < command->count; i++) {
        const struct target *target = &command->targets[i];

        if (target->changed || command->count <= 20)
            json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "key", target->key, "state",
                                                  target->after ? target->after : target->before,
                                                  "changed", target->changed));
    }
    return list;
}

/* Not a decision that came too late: it was not taken at all. */
static bool ledger_failed(const struct command *command)
{
    return command->task.failed && command->task.err.domain == &cp_ledger_errors;
}

void command_give_answer(struct command *command)
{
    struct cp_buffer message = { 0 };
    char failure[700];
    json_t *answer;

    if (command->task.failed) {
        cp_error_format(&command->task.err, failure, sizeof(failure));
        cp_buffer_puts(&message, failure);
    } else {
        say(command, &message);
    }
    answer = json_pack("{s:b, s:b, s:s, s:o, s:O}", "ok", is_fine(command), "environment",
                       ledger_failed(command), "message", message.data ? message.data : "",
                       "deliveries", list_targets(command), "under_way", command->under_way);
    cp_buffer_release(&message);
    command->answer(answer, command->ctx);
    json_decref(command->under_way);
    free(command->targets);
    free(command->reason);
    free(command->by);
    free(command->published);
    free(command);
}

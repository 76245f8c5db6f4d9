/* src/engine/window.c - how often one account may publish: window, spacing and drip, in plan time.
 *
 * What is on its way or in doubt counts as published: the server may have counted it.
 */
#include "engine/engine_private.h"

static bool limited(const struct cp_limits *limits)
{
    return limits->posts > 0 && limits->per_us > 0;
}

static int64_t time_at(const struct window *window, size_t index)
{
    return window->times[(window->first + index) % window->capacity];
}

static bool grow(struct window *window)
{
    size_t capacity = window->capacity ? 2 * window->capacity : 16;
    int64_t *times = calloc(capacity, sizeof(*times));

    if (!times)
        return false;
    for (size_t i = 0; i < window->count; i++)
        times[i] = time_at(window, i);
    free(window->times);
    window->times = times;
    window->first = 0;
    window->capacity = capacity;
    return true;
}

static bool append(struct window *window, int64_t plan_us)
{
    if (window->count == window->capacity && !grow(window))
        return false;
    window->times[(window->first + window->count++) % window->capacity] = plan_us;
    return true;
}

bool engine_window_init(struct window *window, const int64_t *times, size_t count)
{
    *window = (struct window){ .last_us = INT64_MIN, .overdue_us = INT64_MIN };
    for (size_t i = 0; i < count; i++) {
        if (!append(window, times[i]))
            return false;
    }
    /* Which of them were overdue is not known: a restart in the middle of a drip must not begin a
     * new one. */
    if (count)
        window->last_us = window->overdue_us = times[count - 1];
    window->last_before_us = window->last_us;
    window->overdue_before_us = window->overdue_us;
    return true;
}

void engine_window_begin(struct window *window, int64_t plan_us, bool overdue)
{
    window->last_before_us = window->last_us;
    window->overdue_before_us = window->overdue_us;
    window->last_us = plan_us;
    if (overdue)
        window->overdue_us = plan_us;
}

void engine_window_undo(struct window *window)
{
    window->last_us = window->last_before_us;
    window->overdue_us = window->overdue_before_us;
}

bool engine_window_add(struct window *window, const struct cp_limits *limits, int64_t plan_us)
{
    if (window->last_us < plan_us)
        window->last_us = plan_us;
    while (window->count && (!limited(limits) || window->count >= (size_t)limits->posts ||
                             time_at(window, 0) <= plan_us - limits->per_us)) {
        window->first = (window->first + 1) % window->capacity;
        window->count--;
    }
    return limited(limits) ? append(window, plan_us) : true;
}

/* When a place in the window becomes free. */
static int64_t window_free(const struct account *a)
{
    const struct window *window = &a->window;
    int64_t places = a->limits.posts - (int64_t)a->open;

    if (!limited(&a->limits))
        return INT64_MIN;
    if (places <= 0)
        return CP_NEVER;
    if (window->count < (size_t)places)
        return INT64_MIN;
    return time_at(window, window->count - (size_t)places) + a->limits.per_us;
}

static int64_t after(int64_t us, int64_t span_us)
{
    return us == INT64_MIN || span_us <= 0 ? INT64_MIN : us + span_us;
}

enum cp_wait engine_window_wait(const struct account *a, bool overdue, int64_t plan_us,
                                int64_t *out_us)
{
    int64_t every = a->limits.overdue_us >= 0 ? a->limits.overdue_us : CP_OVERDUE_EVERY;
    int64_t spacing = after(a->window.last_us, a->limits.spacing_us);
    int64_t window = window_free(a);
    int64_t drip = overdue ? after(a->window.overdue_us, every) : INT64_MIN;

    *out_us = spacing > window ? spacing : window;
    if (drip > *out_us)
        *out_us = drip;
    if (*out_us <= plan_us)
        return CP_WAIT_NOTHING;
    if (*out_us == spacing)
        return CP_WAIT_SPACING;
    return *out_us == window ? CP_WAIT_WINDOW : CP_WAIT_OVERDUE;
}

/* src/time/clock.c - the system's clocks; the only place of the program that reads them. */
#include "time/time.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now = { 0 };

    clock_gettime(id, &now); /* can't fail for these two */
    return (int64_t)now.tv_sec * CP_SECOND + now.tv_nsec / 1000;
}

static void read_system(const struct cp_clock *clock, struct cp_now *out)
{
    (void)clock;
    out->wall_us = read_us(CLOCK_REALTIME);
    out->plan_us = out->wall_us;
    out->boot_us = read_us(CLOCK_BOOTTIME);
}

const struct cp_clock cp_clock_system = { read_system };

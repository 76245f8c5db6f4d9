/* src/loop/loop.h - alarms and pool work on libuv, each with cancellation.
 *
 * Rules of all of them: a callback runs on the loop, at most once per event, never from inside the
 * call that started it. After _cancel() or _close() has returned it does not run any more; the
 * memory is the module's own and dies in libuv's own callback.
 */
#ifndef CP_LOOP_LOOP_H
#define CP_LOOP_LOOP_H

#include <uv.h>

#include "base/error.h"

extern const struct cp_error_domain cp_uv_errors;

/* ---- alarm: one absolute moment of the real-time clock ------------------------------------- */

/* A timerfd on CLOCK_REALTIME; the kernel tells when the clock was stepped. `stepped` says so: the moment
 * has not come, and the owner looks at the clock anew and sets the alarm again. Never early. */
struct cp_alarm;
typedef void cp_alarm_fn(bool stepped, void *ctx);
struct cp_alarm *cp_alarm_open(uv_loop_t *loop, cp_alarm_fn *ring, void *ctx, struct cp_error *err);
/* when_us: wall time; CP_NEVER disarms (but still tells of steps). */
void cp_alarm_set(struct cp_alarm *alarm, int64_t when_us);
void cp_alarm_close(struct cp_alarm **alarm);

/* ---- wait: a distance in boot time, which goes on while the machine sleeps ------------------- */

struct cp_wait_timer;
typedef void cp_wait_fn(void *ctx);
struct cp_wait_timer *cp_wait_open(uv_loop_t *loop, cp_wait_fn *ring, void *ctx,
                                   struct cp_error *err);
/* when_us: on CLOCK_BOOTTIME; CP_NEVER disarms. */
void cp_wait_set(struct cp_wait_timer *timer, int64_t when_us);
void cp_wait_close(struct cp_wait_timer **timer);

/* ---- job: work on the pool ------------------------------------------------------------------ */

/* `work` runs on a pool thread and may use nothing that the loop uses meanwhile; `done` on the loop.
 * Once cancelled, `done` does not run; `dispose` (may be NULL) runs exactly once, on the loop, when the
 * worker has let go of `ctx`, after `done`. */
struct cp_job;
typedef void cp_job_fn(void *ctx);
struct cp_job *cp_job_start(uv_loop_t *loop, cp_job_fn *work, cp_job_fn *done, cp_job_fn *dispose,
                            void *ctx, struct cp_error *err);
void cp_job_cancel(struct cp_job **job);

#endif

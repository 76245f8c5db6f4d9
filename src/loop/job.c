/* src/loop/job.c - work on the pool. Cancelling is a promise about the callback, not about the work. */
#include "loop/loop.h"

#include <stdlib.h>

struct cp_job {
    uv_work_t work;
    cp_job_fn *run, *done, *dispose;
    void *ctx;
};

static void on_work(uv_work_t *work)
{
    struct cp_job *job = work->data;

    job->run(job->ctx);
}

static void on_finished(uv_work_t *work, int status)
{
    struct cp_job *job = work->data;

    if (job->done && status == 0)
        job->done(job->ctx);
    if (job->dispose)
        job->dispose(job->ctx);
    free(job); /* the only place where a job dies */
}

struct cp_job *cp_job_start(uv_loop_t *loop, cp_job_fn *work, cp_job_fn *done, cp_job_fn *dispose,
                            void *ctx, struct cp_error *err)
{
    struct cp_job *job = calloc(1, sizeof(*job));
    int rc = UV_ENOMEM;

    if (job) {
        *job = (struct cp_job){ .run = work, .done = done, .dispose = dispose, .ctx = ctx };
        job->work.data = job;
        rc = uv_queue_work(loop, &job->work, on_work, on_finished);
    }
    if (rc < 0) {
        cp_error_set(err, &cp_uv_errors, rc, "cannot start a job: %s", uv_strerror(rc));
        free(job);
        return NULL;
    }
    return job;
}

void cp_job_cancel(struct cp_job **job)
{
    if (!*job)
        return;
    (*job)->done = NULL;
    uv_cancel((uv_req_t *)&(*job)->work); /* too late is fine: on_finished() still frees */
    *job = NULL;
}

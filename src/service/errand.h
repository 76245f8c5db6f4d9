/* src/service/errand.h - the turns of one adapter with their exchanges.
 *
 * An errand runs one purpose: it asks the adapter, performs read and prepare steps through the
 * transport, hands the reply to the next turn, and so on. It stops and tells its owner when
 *   - a checkpoint is to be kept before the next step (CP_ERRAND_CHECKPOINT; go on with _continue)
 *   - the next request is the publishing one (CP_ERRAND_PUBLISH; go on with _publish)
 *   - a person has to do something (CP_ERRAND_ASK; go on with _answer)
 *   - there is a verdict (CP_ERRAND_VERDICT; it is over: free it)
 *   - a publishing exchange has ended (CP_ERRAND_OUTCOME; it is over: free it)
 * The owner is told on the loop, never from inside a call of its own.
 */
#ifndef CP_SERVICE_ERRAND_H
#define CP_SERVICE_ERRAND_H

#include <uv.h>

#include "adapter/adapter.h"
#include "engine/engine.h"
#include "transport/transport.h"

struct cp_errand;

enum cp_errand_event_kind {
    CP_ERRAND_CHECKPOINT,
    CP_ERRAND_PUBLISH,
    CP_ERRAND_ASK,
    CP_ERRAND_VERDICT,
    CP_ERRAND_OUTCOME,
};

struct cp_errand_event {
    enum cp_errand_event_kind kind;
    const char *checkpoint;           /* the newest, or NULL when none was set by this errand */
    const struct cp_request *request; /* PUBLISH */
    const struct cp_ask *ask;         /* ASK */
    enum cp_acted acted;              /* OUTCOME */
    struct cp_verdict verdict;        /* VERDICT; OUTCOME when acted is REPLIED */
    bool connected, distrusted, stopped;
    int status;                   /* of the last reply; 0: none */
    char digest[CP_HASH_HEX + 1]; /* of the last reply's body; "" : none */
    int64_t date_us,
        replied_us;     /* the server's clock, and the wall clock when it was read; 0: not told */
    const char *reason; /* for people */
};
typedef void cp_errand_fn(struct cp_errand *errand, const struct cp_errand_event *event, void *ctx);

/* Everything is borrowed until the errand is freed. */
struct cp_errand_plan {
    uv_loop_t *loop;
    struct cp_transport *transport;
    const struct cp_adapter *adapter;
    const struct cp_settings *settings;
    const char *origin, *directory;         /* of the account; either may be NULL */
    const struct cp_credential *credential; /* or NULL */
    const struct cp_clock *clock;
    struct cp_turn turn; /* purpose and all that the adapter is given */
    cp_errand_fn *tell;
    void *ctx;
};

struct cp_errand *cp_errand_start(const struct cp_errand_plan *plan, struct cp_error *err);
void cp_errand_continue(struct cp_errand *errand);
void cp_errand_answer(struct cp_errand *errand, const char *answer);
/* Sends the publishing request; `gate` is asked with the owner's ctx when the connection stands. */
void cp_errand_publish(struct cp_errand *errand, cp_gate_fn *gate);
/* Ends it at once; the owner is not told any more. True: a publishing request had passed its gate. */
bool cp_errand_free(struct cp_errand *errand);
/* True between _publish and its outcome. */
bool cp_errand_is_publishing(const struct cp_errand *errand);

#endif

/* src/adapter/adapter_private.h - shared inside the module only. */
#ifndef CP_ADAPTER_ADAPTER_PRIVATE_H
#define CP_ADAPTER_ADAPTER_PRIVATE_H

#include "adapter/adapter.h"

/* Far above what any platform takes, far below what hurts. The largest body is a whole feed. */
enum {
    CP_URL_MOST = 8 << 10,
    CP_HEADERS_MOST = 64,
    CP_HEADER_MOST = 16 << 10,
    CP_SEGMENTS_MOST = 256,
    CP_BODY_MOST = 32 << 20,       /* bytes written into the request itself; media don't count */
    CP_CHECKPOINT_MOST = 64 << 10, /* it is written with every step */
    CP_VALUE_MOST = 2 << 10,       /* remote ids, addresses, names */
};

/* check.c: what is wrong with the table of an adapter; false with the reason. */
bool cp_adapter_check(const struct cp_adapter *adapter, struct cp_error *err);

/* request.c: what is wrong with a request in this turn, from the arena; NULL: nothing. */
const char *cp_request_problem(const struct cp_request *request, const struct cp_turn *turn,
                               struct cp_arena *arena);
/* Copies all of it. Segments that name a medium of the part get its size. */
void cp_request_copy(const struct cp_request *request, const struct cp_part_view *part,
                     struct cp_arena *arena, struct cp_request *out);

/* A whole string of well-formed UTF-8 without control characters, at most `most` bytes and not empty. */
bool cp_is_plain(const char *text, size_t most);
/* The JSON text of an object? */
bool cp_is_json_object(const char *text);

#endif

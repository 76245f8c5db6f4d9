/* src/base/error.c - see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct cp_error_domain cp_base_errors = { "base" };

bool cp_error_set(struct cp_error *err, const struct cp_error_domain *domain, int code,
                  const char *fmt, ...)
{
    va_list args;

    if (!err || err->domain)
        return false;
    err->domain = domain;
    err->code = code;
    va_start(args, fmt);
    vsnprintf(err->message, sizeof(err->message), fmt, args);
    va_end(args);
    return false;
}

bool cp_error_at(struct cp_error *err, const char *origin, unsigned line, unsigned column)
{
    if (!err || err->origin[0])
        return false;
    snprintf(err->origin, sizeof(err->origin), "%s", origin ? origin : "");
    err->line = line;
    err->column = column;
    return false;
}

bool cp_error_no_memory(struct cp_error *err)
{
    return cp_error_set(err, &cp_base_errors, CP_BASE_NO_MEMORY, "out of memory");
}

void cp_error_format(const struct cp_error *err, char *out, size_t size)
{
    if (!err->origin[0])
        snprintf(out, size, "%s", err->message);
    else if (err->line)
        snprintf(out, size, "%s:%u:%u: %s", err->origin, err->line, err->column, err->message);
    else
        snprintf(out, size, "%s: %s", err->origin, err->message);
}

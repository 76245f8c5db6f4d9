/* src/base/log.c - see log.h. The level is the one piece of process-wide state: a log has one reader. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum cp_log_level most = CP_LOG_INFO;

void cp_log_set_level(enum cp_log_level level)
{
    most = level;
}

/* systemd sets it where standard error is read by the journal, systemd.exec(5). */
static const char *prefix(enum cp_log_level level)
{
    bool person = !getenv("JOURNAL_STREAM") || isatty(STDERR_FILENO);

    switch (level) {
    case CP_LOG_ERROR:
        return person ? "error: " : "<3>";
    case CP_LOG_WARNING:
        return person ? "warning: " : "<4>";
    case CP_LOG_DEBUG:
        return person ? "debug: " : "<7>";
    case CP_LOG_INFO:
        break;
    }
    return person ? "" : "<6>";
}

/* Copies `text`, control characters made visible; always terminates `out`. */
static void visible(const char *text, char *out, size_t size)
{
    size_t used = 0;

    for (; *text && used + 5 < size; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c == 0x7f)
            used += (size_t)snprintf(out + used, size - used, "\\x%02x", c);
        else
            out[used++] = *text;
    }
    out[used] = '\0';
}

void cp_log(enum cp_log_level level, const char *fmt, ...)
{
    char text[2048], line[4096];
    va_list args;

    if (level > most)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    visible(text, line, sizeof(line));
    fprintf(stderr, "%s%s\n", prefix(level), line);
}

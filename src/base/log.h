/* src/base/log.h - one line per event on standard error, with its level in front.
 *
 * For the journal that is a priority, "<4>"; for everybody else a word, and nothing where all is well. Control
 * characters in values are printed as \xNN, so that a hostile reply can't forge a line. Never pass
 * a token or a header's value: there is no way to print a struct cp_secret.
 */
#ifndef CP_BASE_LOG_H
#define CP_BASE_LOG_H

#include "base/macros.h"

enum cp_log_level { CP_LOG_ERROR = 3, CP_LOG_WARNING = 4, CP_LOG_INFO = 6, CP_LOG_DEBUG = 7 };

/* What is less important than `level` is not printed; CP_LOG_INFO at the start. */
void cp_log_set_level(enum cp_log_level level);
void cp_log(enum cp_log_level level, const char *fmt, ...) CP_PRINTF(2, 3);

#endif

/* src/base/macros.h - the few macros that every module may use. */
#ifndef CP_BASE_MACROS_H
#define CP_BASE_MACROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CP_PRINTF(at, first) __attribute__((format(printf, at, first)))
#define CP_MUST_USE          __attribute__((warn_unused_result))
#define CP_COUNT(array)      (sizeof(array) / sizeof((array)[0]))

/* Microseconds; every instant and span of the program is in this unit. */
#define CP_SECOND INT64_C(1000000)
#define CP_MINUTE (60 * CP_SECOND)
#define CP_HOUR   (60 * CP_MINUTE)
#define CP_DAY    (24 * CP_HOUR)

/* "No such moment": a delivery on standby is due then. Sorts after every other instant. */
#define CP_NEVER INT64_MAX

#endif

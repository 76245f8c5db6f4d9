/* tests/cmocka_all.h - cmocka with the headers that it expects before it. */
#ifndef CP_TESTS_CMOCKA_ALL_H
#define CP_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif

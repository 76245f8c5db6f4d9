/* tests/time/oracle.h - the same questions to another library (cctz). Seconds since the epoch. */
#ifndef CP_TESTS_ORACLE_H
#define CP_TESTS_ORACLE_H

#ifdef __cplusplus
extern "C" {
#endif

struct oracle_local {
    int kind;            /* 0 unique, 1 gap, 2 overlap */
    long long pre, post; /* read with the offset before and after the change */
};

/* 1: known. The zone stays chosen for the calls below. */
int oracle_choose(const char *zone);
int oracle_offset(long long at, char *abbreviation, int size);
/* The first change of the clocks after `at`; 0: none. */
int oracle_next(long long at, long long *when);
struct oracle_local oracle_resolve(int year, int month, int day, int hour, int minute, int second);

#ifdef __cplusplus
}
#endif
#endif

/* contrib/bench/measure.c - measure OUT COMMAND ARGUMENTS…: what a command took, as JSON in the file OUT.
 *
 * The peak of memory that the kernel tells of a child begins with what its parent had at fork(), so
 * a small parent is needed; an interpreter is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double clock_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static int write_down(const char *path, double wall, const struct rusage *usage, int code)
{
    FILE *out = fopen(path, "w");

    if (!out)
        return 1;
    fprintf(out, "{\"wall_s\":%.6f,\"cpu_s\":%.6f,\"rss_kb\":%ld,\"code\":%d}\n", wall,
            seconds(usage->ru_utime) + seconds(usage->ru_stime), usage->ru_maxrss, code);
    return fclose(out) != 0;
}

int main(int argc, char **argv)
{
    double begin = clock_seconds();
    struct rusage usage;
    int status;
    pid_t child;

    if (argc < 3) {
        fputs("usage: measure OUT COMMAND ARGUMENTS...\n", stderr);
        return 2;
    }
    child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("measure");
        return 1;
    }
    return write_down(argv[1], clock_seconds() - begin, &usage,
                      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

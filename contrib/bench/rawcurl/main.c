/* contrib/bench/rawcurl/main.c - rawcurl [-n POSTS] [-c CONNECTIONS] [-g] [-f] [-k CA_FILE]
 *                                        [-D SPREAD_MS [-q QUANTUM_MS]] SERVER
 *   -g  read each post after it was made
 *   -f  a new connection for each request
 *   -D  posts are due evenly over SPREAD_MS (0: all at once), connections are open before;
 *       due times are multiples of QUANTUM_MS (1)
 * Prints one JSON object.
 */
#include "rawcurl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static bool read_options(int argc, char **argv, struct options *options)
{
    int option;

    while ((option = getopt(argc, argv, "n:c:gfk:D:q:")) != -1) {
        switch (option) {
        case 'n':
            options->total = atol(optarg);
            break;
        case 'c':
            options->concurrency = atol(optarg);
            break;
        case 'g':
            options->read_back = true;
            break;
        case 'f':
            options->fresh = true;
            break;
        case 'k':
            options->ca_file = optarg;
            break;
        case 'D':
            options->spread_ms = atol(optarg);
            break;
        case 'q':
            options->quantum_ms = atol(optarg);
            break;
        default:
            return false;
        }
    }
    options->server = argv[optind];
    return optind + 1 == argc && options->total > 0 && options->concurrency > 0 &&
           options->quantum_ms > 0;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int main(int argc, char **argv)
{
    struct client client = {
        .options = { .total = 20000, .concurrency = 128, .spread_ms = SPREAD_NONE, .quantum_ms = 1 }
    };
    struct options *options = &client.options;
    double cpu_before;

    if (!read_options(argc, argv, options)) {
        fputs("usage: rawcurl [-n POSTS] [-c CONNECTIONS] [-g] [-f] [-k CA_FILE] "
              "[-D SPREAD_MS [-q QUANTUM_MS]] SERVER\n",
              stderr);
        return 2;
    }
    if (options->concurrency > options->total)
        options->concurrency = options->total;
    curl_global_init(CURL_GLOBAL_ALL);
    cpu_before = cpu_seconds();
    if (!client_run(&client)) {
        fputs("rawcurl: cannot begin\n", stderr);
        return 1;
    }
    printf("{\"posts\":%ld,\"failed\":%ld,\"cpu_us\":%.3f}\n", client.done, client.failed,
           (cpu_seconds() - cpu_before) * 1e6 / (double)client.done);
    return client.failed != 0;
}

/* tests/plugins/feed/feed_disk.h - runs the feed adapter's turns against a real folder, as the host would. */
#ifndef CP_TESTS_FEED_DISK_H
#define CP_TESTS_FEED_DISK_H

#include "adapter/adapter.h"

struct disk {
    char path[64];
    struct cp_adapters *adapters;
    const struct cp_adapter *feed;
    struct cp_field options[4];
    struct cp_settings settings;
    unsigned reads, prepares, publishes; /* since the last disk_run() began */
    unsigned stop_after; /* so many requests, then it is as if the host had died; 0: never */
    /* Called before each request is carried out; may be NULL. */
    void (*before)(struct disk *disk, const struct cp_request *request);
    char *checkpoint; /* what the host keeps; the next run begins with it */
};

struct outcome {
    bool stopped;
    struct cp_answer answer; /* a verdict, unless stopped; cp_answer_release() */
};

/* Makes the folder and loads the adapter from the build tree. */
void disk_open(struct disk *disk);
/* Removes the folder. */
void disk_close(struct disk *disk);
void disk_set(struct disk *disk, const char *name, const char *value);

/* Runs turns to a verdict. `turn` is filled but for checkpoint and reply. */
struct outcome disk_run(struct disk *disk, struct cp_turn *turn);

/* A file of the folder; free(); NULL: there is none. */
char *disk_read(const struct disk *disk, const char *name, size_t *out_size);
void disk_write(const struct disk *disk, const char *name, const char *bytes, size_t size);
void disk_remove(const struct disk *disk, const char *name);

#endif

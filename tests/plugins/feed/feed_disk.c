/* tests/plugins/feed/feed_disk.c - see feed_disk.h. What goes wrong here ends the program. */
#include "feed_disk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

static void full_name(const struct disk *disk, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", disk->path, name);
}

void disk_set(struct disk *disk, const char *name, const char *value)
{
    assert(disk->settings.count < CP_COUNT(disk->options));
    disk->options[disk->settings.count++] = (struct cp_field){ .name = name, .value = value };
}

void disk_open(struct disk *disk)
{
    char plugins[1024];
    struct cp_error err = { 0 };
    const char *build = getenv("CAMP_POST_BUILD");

    memset(disk, 0, sizeof(*disk));
    strcpy(disk->path, "/tmp/camp-post-feed-XXXXXX");
    if (!mkdtemp(disk->path))
        abort();
    snprintf(plugins, sizeof(plugins), "%s/plugins", build ? build : ".");
    disk->adapters = cp_adapters_load(plugins, &err);
    disk->feed = disk->adapters ? cp_adapters_find(disk->adapters, "feed") : NULL;
    if (!disk->feed) {
        fprintf(stderr, "no feed adapter in '%s' %s\n", plugins, err.message);
        abort();
    }
    disk->settings = (struct cp_settings){ .account = "uk-feed", .values = disk->options };
    disk_set(disk, "directory", disk->path);
}

void disk_close(struct disk *disk)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf '%s'", disk->path);
    if (system(command) != 0)
        abort();
    cp_adapters_free(disk->adapters);
    free(disk->checkpoint);
}

char *disk_read(const struct disk *disk, const char *name, size_t *out_size)
{
    char path[256], bytes[4096];
    struct cp_buffer all = { 0 };
    size_t got;
    FILE *file;

    full_name(disk, name, path);
    file = fopen(path, "rb");
    if (!file)
        return NULL;
    while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
        cp_buffer_add(&all, bytes, got);
    fclose(file);
    if (out_size)
        *out_size = all.size;
    return cp_buffer_steal(&all);
}

void disk_write(const struct disk *disk, const char *name, const char *bytes, size_t size)
{
    char path[256];
    FILE *file;

    full_name(disk, "media", path);
    if (strncmp(name, "media/", 6) == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
        abort();
    full_name(disk, name, path);
    file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

void disk_remove(const struct disk *disk, const char *name)
{
    char path[256];

    full_name(disk, name, path);
    unlink(path);
}

/* ---- the host ---------------------------------------------------------------------------------- */

/* A picture of one dark red pixel stands for every medium. */
static const unsigned char pixel[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
    0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x08,
    0xd7, 0x63, 0x98, 0xa3, 0x2f, 0x0f, 0x00, 0x02, 0x73, 0x01, 0x1d, 0x99, 0x9b, 0x0c,
    0x09, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

static void replace(struct disk *disk, const struct cp_request *request, const char *name)
{
    struct cp_buffer body = { 0 };

    for (size_t i = 0; i < request->body_count; i++) {
        const struct cp_segment *segment = &request->body[i];

        if (segment->media)
            cp_buffer_add(&body, (const char *)pixel, sizeof(pixel));
        else
            cp_buffer_add(&body, segment->bytes, segment->size);
    }
    disk_write(disk, name, body.data ? body.data : "", body.size);
    cp_buffer_release(&body);
}

static struct cp_reply carry_out(struct disk *disk, const struct cp_request *request, char **body)
{
    size_t root = strlen(disk->path);
    const char *name = request->url + root + 1;
    struct cp_reply reply = { .status = 200, .body = "" };

    assert(request->transport == CP_FILE);
    assert(strncmp(request->url, disk->path, root) == 0 && request->url[root] == '/');
    assert(!strstr(name, ".."));
    disk->reads += request->step == CP_STEP_READ;
    disk->prepares += request->step == CP_STEP_PREPARE;
    disk->publishes += request->step == CP_STEP_PUBLISH;
    if (disk->before)
        disk->before(disk, request);
    if (request->step != CP_STEP_READ) {
        replace(disk, request, name);
        return reply;
    }
    free(*body);
    *body = disk_read(disk, name, &reply.size);
    reply.status = *body ? 200 : 404;
    reply.body = *body ? *body : "";
    return reply;
}

static void keep(struct disk *disk, const char *checkpoint)
{
    if (!checkpoint)
        return;
    free(disk->checkpoint);
    disk->checkpoint = strdup(checkpoint);
}

struct outcome disk_run(struct disk *disk, struct cp_turn *turn)
{
    struct outcome outcome = { 0 };
    struct cp_reply reply;
    struct cp_error err = { 0 };
    char *body = NULL;

    disk->reads = disk->prepares = disk->publishes = 0;
    turn->reply = NULL;
    turn->publish_replied = false;
    turn->facts = disk->feed->facts;
    for (;;) {
        struct cp_answer *answer = &outcome.answer;

        turn->checkpoint = disk->checkpoint ? disk->checkpoint : "{}";
        if (!cp_adapter_turn(disk->feed, &disk->settings, turn, answer, &err) || answer->problem) {
            fprintf(stderr, "%s\n", answer->problem ? answer->problem : err.message);
            abort();
        }
        keep(disk, answer->checkpoint);
        if (answer->kind == CP_ANSWER_VERDICT)
            break;
        reply = carry_out(disk, &answer->request, &body);
        turn->publish_replied = answer->request.step == CP_STEP_PUBLISH;
        turn->reply = &reply;
        cp_answer_release(answer);
        outcome.stopped =
            disk->stop_after && disk->reads + disk->prepares + disk->publishes >= disk->stop_after;
        if (outcome.stopped)
            break;
    }
    free(body);
    return outcome;
}

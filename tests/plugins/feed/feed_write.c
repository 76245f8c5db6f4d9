/* tests/plugins/feed/feed_write.c - writes a feed and its page into the folder that is named, for other readers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_disk.h"

#define OWNER "urn:camp-post:feed:0123456789012345678901234567890123456789012"

static const struct cp_media_view poster = {
    .sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    .type = "image/png",
    .name = "poster.png",
    .alt = "A poster: a hand holds a pen",
    .size = 69,
};

static const struct {
    const char *key, *language, *text, *warning, *parent;
    bool media;
    int64_t due_us;
} posts[] = {
    { "statement", "en",
      "The #statement of today:\n\nno <one> & \"nothing\" https://example.org/a?b=1&c=2", NULL,
      NULL, true, INT64_C(1644931680000000) },
    { "carta", "es", "Escribí una carta a tu embajada. 💌\nFaltan 10 días (https://example.org/es).",
      NULL, NULL, false, INT64_C(1645000000000000) },
    { "why-1", "pt", "Por que isto importa, em três partes. #Assange", NULL, NULL, false,
      INT64_C(1645100000000000) },
    { "why-2", "pt", "Porque quem publica não é espião.", NULL, "urn:camp-post:why-1", false,
      INT64_C(1645100000000000) },
    { "why-3", "pt", "E porque amanhã é a nossa vez.", NULL, "urn:camp-post:why-2", false,
      INT64_C(1645100000000000) },
    { "arabic", "ar", "الحرية للصحافة الآن", NULL, NULL, false, INT64_C(1645150000000000) },
    { "warned", "en", "What happened in the cell, in detail.", "Describes violence", NULL, true,
      INT64_C(1645200000000000) },
};

static size_t find_tag(const char *text, struct cp_entity *out)
{
    const char *sign = strchr(text, '#');

    if (!sign)
        return 0;
    *out = (struct cp_entity){ CP_ENTITY_TAG, (size_t)(sign - text),
                               (size_t)(sign - text) + 1 + strcspn(sign + 1, " :\n") };
    return 1;
}

static bool run(struct disk *disk, struct cp_turn *turn)
{
    struct outcome outcome;
    bool accepted;

    free(disk->checkpoint);
    disk->checkpoint = NULL;
    outcome = disk_run(disk, turn);
    accepted = outcome.answer.verdict.kind == CP_VERDICT_ACCEPTED;
    cp_answer_release(&outcome.answer);
    return accepted;
}

static bool write_post(struct disk *disk, size_t i)
{
    struct cp_entity tag;
    struct cp_part_view part = { .text = posts[i].text,
                                 .language = posts[i].language,
                                 .warning = posts[i].warning,
                                 .media = posts[i].media ? &poster : NULL,
                                 .media_count = posts[i].media,
                                 .entities = &tag,
                                 .entity_count = find_tag(posts[i].text, &tag) };
    struct cp_turn turn = { .purpose = CP_POST,
                            .part = &part,
                            .part_number = 1,
                            .part_total = 1,
                            .title = "Free Assange NOW",
                            .wire_key = posts[i].key,
                            .due_us = posts[i].due_us,
                            .parent_id = posts[i].parent,
                            .account_id = OWNER };

    if (!run(disk, &turn))
        return false;
    turn.purpose = CP_LOOK_UP;
    return run(disk, &turn);
}

int main(int argc, char **argv)
{
    struct disk disk;
    char command[256];
    int rc = argc == 2 ? 0 : 2;

    if (rc)
        return rc;
    disk_open(&disk);
    disk_set(&disk, "link", "https://example.org/news/");
    for (size_t i = 0; i < CP_COUNT(posts) && rc == 0; i++)
        rc = write_post(&disk, i) ? 0 : 1;
    snprintf(command, sizeof(command), "cp -r '%s/.' '%s'", disk.path, argv[1]);
    if (rc == 0)
        rc = system(command) == 0 ? 0 : 1;
    disk_close(&disk);
    return rc;
}

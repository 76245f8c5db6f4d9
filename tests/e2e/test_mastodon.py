"""Posts, a thread, a warning and pictures onto a server with the Mastodon API that keeps books."""
import struct
import zlib
from collections import defaultdict

from harness import E2E, Client, at, blank, main, plain, sleep_until

AHEAD = 4  # seconds: what is to be sent must be accepted before it is due


def png(shade):
    """A picture of one pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes([0, shade, shade, shade]))) + chunk(b"IEND", b""))


class Campaigning(E2E):
    """The campaign of this file, and its comparison with the books."""

    knobs, arguments = {}, ()

    def setUp(self):
        self.server = self.books(*self.arguments, **self.knobs)
        c = self.campaign = self.campaign_of(languages=["en", "es"])
        self.known = {"uk": c.mastodon("uk", self.server), "mexico": c.mastodon("mexico", self.server, ["es", "en"])}
        self.due = at(seconds=AHEAD)
        c.file("poster.png", png(10))
        c.file("map.png", png(200))
        c.post("plain", {"en": "No to extradition! https://example.org/a/long/path/to/an/article?x=1&y=2 #FreeAssangeNOW",
                         "es": "¡No a la extradición! «ya» <b> #FreeAssangeNOW"}, at=self.due)
        c.post("why", at=self.due, thread=[{"text": {"en": f"Part {n} of the reasons.", "es": f"Parte {n}."}} for n in (1, 2, 3)])
        c.post("warned", {"en": "A hard text.\n\nWith a second paragraph.", "es": "Un texto duro."}, at=self.due,
               warning={"en": "about prison", "es": "sobre la cárcel"}, visibility="unlisted")
        c.post("pictures", {"en": "Two pictures.", "es": "Dos imágenes."}, at=self.due,
               media=[{"file": "poster.png", "alt": {"en": "A poster: 175 years", "es": "Un cartel: 175 años"}},
                      {"file": "map.png", "alt": {"en": "A map", "es": "Un mapa"}}])
        c.post("hello", {"en": "Hello, it is on.", "es": "Hola."}, standby=True)
        c.write()

    def once(self):
        # 3 says that something is left, here the standby: no fault.
        return self.ran(self.campaign, "run", "--once", codes=(0, 3), timeout=60)

    def accept_and_send(self):
        self.plan = self.campaign.plan()
        self.once()
        self.assertEqual(self.server.statuses(), [], "nothing was due yet")
        sleep_until(self.due)
        self.once()

    def compare(self, posts):
        """The books against the plan, for the posts named."""
        by_key = defaultdict(list)
        for status in self.server.statuses():
            by_key[status["key"]].append(status)
        wanted = [d for d in self.plan if d["post"] in posts]
        self.assertEqual(len(wanted), 2 * len(posts))
        self.assertEqual(len(self.server.statuses()), sum(len(d["parts"]) for d in wanted))
        for delivery in wanted:
            parent = None
            for part in delivery["parts"]:
                parent = self.compare_part(delivery, part, by_key[part["wire_key"]], parent)

    def compare_part(self, delivery, part, made, parent):
        self.assertEqual(len(made), 1, f"{delivery['key']}: once")
        status = made[0]
        self.assertEqual(status["text"], part["text"])
        self.assertEqual(status["account"], self.known[delivery["account"]])
        self.assertEqual(status["language"], part["language"])
        self.assertEqual(status["in_reply_to_id"], parent, f"{delivery['key']}: in reply to the part before")
        self.assertEqual(status["visibility"], "unlisted" if delivery["post"] == "warned" else "public")
        return status["id"]

    def books_equal_the_plan_and_a_repeated_run_posts_nothing(self):
        self.accept_and_send()
        self.compare(["plain", "why", "warned", "pictures"])
        states = self.campaign.states()
        self.assertEqual({s for k, s in states.items() if "/hello/" not in k}, {"seen"}, states)
        self.assertEqual({s for k, s in states.items() if "/hello/" in k}, {"standby"}, states)
        self.once()
        self.compare(["plain", "why", "warned", "pictures"])


class Mastodon(Campaigning):
    def test_the_books_equal_the_plan_and_a_repeated_run_posts_nothing(self):
        self.books_equal_the_plan_and_a_repeated_run_posts_nothing()

    def test_warning_and_alt_texts_arrive_in_each_language(self):
        self.accept_and_send()
        texts = {s["text"]: s for s in self.server.statuses()}
        self.assertEqual(texts["A hard text.\n\nWith a second paragraph."]["warning"], "about prison")
        self.assertEqual(texts["Un texto duro."]["warning"], "sobre la cárcel")
        self.assertEqual([m["description"] for m in texts["Two pictures."]["media"]], ["A poster: 175 years", "A map"])
        self.assertEqual([m["description"] for m in texts["Dos imágenes."]["media"]], ["Un cartel: 175 años", "Un mapa"])
        self.assertEqual({m["type"] for s in texts.values() for m in s["media"]}, {"image/png"})

    def test_a_reader_finds_the_texts_in_the_listing(self):
        self.accept_and_send()
        client = Client(self.server.port, f"t-{self.known['uk']}")
        self.addCleanup(client.close)
        own = client.call("GET", "/api/v1/accounts/verify_credentials")[1]["id"]
        shown = [plain(row["content"]) for row in client.call("GET", f"/api/v1/accounts/{own}/statuses?limit=40")[1]]
        wanted = [blank(p["text"]) for d in self.plan if d["account"] == "uk" and d["post"] != "hello" for p in d["parts"]]
        self.assertEqual(sorted(shown), sorted(wanted))

    def test_a_released_standby_goes_out_once(self):
        self.plan = self.campaign.plan()
        self.once()
        self.ran(self.campaign, "release", "hello")
        self.once()
        self.once()
        made = [s["text"] for s in self.server.statuses() if s["text"] in ("Hello, it is on.", "Hola.")]
        self.assertEqual(sorted(made), ["Hello, it is on.", "Hola."])
        self.assertEqual({s for k, s in self.campaign.states().items() if "/hello/" in k}, {"seen"})

    def test_what_was_past_when_it_was_accepted_waits_for_a_person(self):
        self.campaign.posts = []
        self.campaign.post("past", {"en": "Too late?", "es": "¿Tarde?"}, at=at(minutes=-10))
        self.campaign.write()
        self.once()
        self.assertEqual(self.server.statuses(), [])
        self.assertEqual(set(self.campaign.states().values()), {"late"})
        self.ran(self.campaign, "release", "past")
        self.once()
        self.assert_once(self.server, ["Too late?", "¿Tarde?"], self.campaign)


class SlowMedia(Campaigning):
    knobs = {"media_processing": 2}

    def test_pictures_that_take_their_time_are_waited_for(self):
        self.books_equal_the_plan_and_a_repeated_run_posts_nothing()


class GoToSocial(Campaigning):
    arguments = ("--flavour", "gotosocial")

    def test_a_server_without_keys_and_with_ids_that_tell_no_time(self):
        self.books_equal_the_plan_and_a_repeated_run_posts_nothing()


class Pleroma(Campaigning):
    arguments = ("--flavour", "pleroma")

    def test_a_server_that_remembers_whole_answers(self):
        self.books_equal_the_plan_and_a_repeated_run_posts_nothing()


class Snac(Campaigning):
    arguments = ("--flavour", "snac")

    def test_a_server_with_the_first_instance_page_only_and_no_source(self):
        self.books_equal_the_plan_and_a_repeated_run_posts_nothing()


if __name__ == "__main__":
    main()

"""A campaign into two feeds on the fast-forward clock, read by a feed parser that is not ours."""
import calendar
from datetime import datetime

import feedparser

from harness import E2E, blank, main, plain

START = "2022-02-15 09:00"


def instant(rfc3339):
    return datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).timestamp()


class Feed(E2E):
    def setUp(self):
        c = self.campaign = self.campaign_of(zone="Europe/London", languages=["en", "es"], title="Free them & all <now>")
        self.folders = {"uk": c.feed("uk"), "mexico": c.feed("mexico", languages=["es", "en"])}
        c.events = {"tribunal": {"start": "2022-02-25 20:00", "zone": "Europe/London", "title": {"en": "A tribunal"}}}
        c.post("statement", {"en": "No to extradition! #FreeAssangeNOW https://example.org/a?b=1&c=2",
                             "es": "¡No a la extradición! <ya> «ahora» #FreeAssangeNOW"}, at="2022-02-15 13:28")
        c.post("countdown", {"en": "Not long now.\n\nA second paragraph,\nand a second line.", "es": "Falta poco."},
               relative={"event": "tribunal", "offsets": ["-10d", "-3d", "-2h"]}, send_by="+2h")
        c.post("why", at="2022-02-17 09:00", warning={"en": "about prison", "es": "sobre la cárcel"},
               thread=[{"text": {"en": "First, 175 years.", "es": "Primero, 175 años."}},
                       {"text": {"en": "Second, 👩‍👩‍👧 and é.", "es": "Segundo."}}])
        c.post("verdict", {"en": "It is over.", "es": "Se acabó."}, standby=True)
        c.write()

    def fast_forward(self, start=START):
        return self.ran(self.campaign, "run", "--clock", start, timeout=60)

    def entries(self, account):
        """{entry id: entry} of the one Atom file of an account, each id once."""
        files = [f for f in self.folders[account].rglob("*") if f.is_file() and b"<feed" in f.read_bytes()[:2000]]
        self.assertEqual(len(files), 1, f"one Atom file in {self.folders[account]}")
        feed = feedparser.parse(files[0].read_bytes())
        self.assertFalse(feed.bozo, feed.get("bozo_exception"))
        self.assertIn("Free them", feed.feed.title)
        self.assertEqual(len({e.id for e in feed.entries}), len(feed.entries))
        return {e.id: e for e in feed.entries}

    def planned(self, account):
        """[(delivery, part)] of the plan that are to be in the account's feed."""
        return [(d, part) for d in self.plan if d["account"] == account and d["post"] != "verdict" for part in d["parts"]]

    def test_both_feeds_equal_the_plan_and_everything_is_seen(self):
        self.plan = self.campaign.plan()
        self.assertEqual(len(self.plan), 2 * (1 + 3 + 1 + 1))
        self.assertFalse(self.campaign.state.exists(), "a plan writes nothing")
        self.fast_forward()
        for account in self.folders:
            self.compare(self.entries(account), self.planned(account))
        states = self.campaign.states()
        self.assertEqual(len(states), len(self.plan))
        for key, state in states.items():
            self.assertEqual(state, "standby" if "/verdict/" in key else "seen", key)

    def compare(self, entries, planned):
        self.assertEqual(len(entries), len(planned))
        for delivery, part in planned:
            found = [e for i, e in entries.items() if part["wire_key"] in i]
            self.assertEqual(len(found), 1, f"entries whose id has the key of {delivery['key']}")
            entry = found[0]
            content = entry.content[0]
            text = blank(content.value) if content.type == "text/plain" else plain(content.value)
            self.assertIn(blank(part["text"]), text)
            title = blank(entry.title).rstrip("…").rstrip()
            self.assertTrue(title)
            self.assertTrue(title in blank(part["text"]) or title in ("about prison", "sobre la cárcel"), title)
            self.assertEqual(calendar.timegm(entry.published_parsed), instant(delivery["due"]), delivery["key"])

    def test_a_second_run_does_nothing_more(self):
        self.fast_forward()
        before = {a: self.entries(a) for a in self.folders}
        states, parts = self.campaign.states(), self.campaign.part_states()
        self.fast_forward()
        self.assertTrue(all(before.values()))
        self.assertEqual({a: self.entries(a) for a in self.folders}, before)
        self.assertEqual((self.campaign.states(), self.campaign.part_states()), (states, parts))

    def test_a_ledger_of_the_fast_forward_clock_is_refused_by_the_real_one(self):
        self.fast_forward()
        result = self.ran(self.campaign, "run", "--once", codes=(1, 4))
        self.assertIn("clock", result.stderr)

    def test_the_log_calls_deliveries_by_their_names(self):
        said = self.fast_forward().stderr.splitlines()
        self.assertIn("accepted: 12 new, 0 changed, 0 no longer wanted, 0 late", said)
        for state in ("planned to in_flight", "in_flight to published"):
            for key in self.campaign.states():
                for part in ("#1", "#2") if "/why/" in key else ("",):
                    if "/verdict/" not in key:
                        self.assertIn(f"{key}{part}: {state}", said)

    def test_a_page_stands_beside_the_feed(self):
        self.fast_forward()
        for account, words in (("uk", "No to extradition!"), ("mexico", "¡No a la extradición!")):
            pages = list(self.folders[account].rglob("*.html"))
            self.assertEqual(len(pages), 1)
            self.assertIn(words, plain(pages[0].read_text("utf-8")))


if __name__ == "__main__":
    main()

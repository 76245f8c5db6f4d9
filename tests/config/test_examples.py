"""Every example in config/ is planned without a complaint; the large one is run on the clock that jumps, and
its feeds, read by a parser that is not ours, are compared with its plan."""
import shutil
from pathlib import Path

import feedparser

from harness import E2E, main

CONFIG = Path(__file__).resolve().parents[2] / "config"
EXAMPLES = sorted(path.parent for path in CONFIG.glob("*/camp-post.yaml"))


class Examples(E2E):
    def copy(self, example):
        campaign = self.campaign_of()
        shutil.rmtree(campaign.folder)
        shutil.copytree(example, campaign.folder)
        return campaign

    def test_every_example_is_planned_without_a_complaint(self):
        self.assertIn("free-assange-now", [e.name for e in EXAMPLES])
        self.assertIn("minimal", [e.name for e in EXAMPLES])
        for example in EXAMPLES:
            with self.subTest(example.name):
                campaign = self.copy(example)
                self.assertEqual(self.ran(campaign, "check").stderr, "")
                plan = self.ran(campaign, "--dry-run", "--json").json()
                self.assertTrue(plan["deliveries"])
                faults = [d for d in plan["diagnostics"] if d["severity"] == "error"]
                self.assertEqual(faults, [])

    def test_the_whole_campaign_ends_in_feeds_that_say_what_was_planned(self):
        example = CONFIG / "free-assange-now"
        campaign = self.copy(example)
        start = (example / "start").read_text().strip()
        planned = self.ran(campaign, "--dry-run", "--json").json()["deliveries"]
        self.ran(campaign, "run", "--clock", start, timeout=120)
        states = campaign.states()
        standby = {d["key"] for d in planned if d["state"] == "standby"}
        self.assertEqual({key for key, state in states.items() if state == "standby"}, standby)
        self.assertEqual({state for key, state in states.items() if key not in standby}, {"seen"})
        accounts = sorted({d["account"] for d in planned})
        self.assertEqual(len(accounts), 5)
        for account in accounts:
            wanted = [d for d in planned if d["account"] == account and d["key"] not in standby]
            self.compare(campaign.folder / "public", account, wanted)

    def compare(self, public, account, wanted):
        """Each part of each delivery is one entry, and there is nothing else."""
        files = [f for f in public.rglob("feed.atom") if self.is_feed_of(f, wanted)]
        self.assertEqual(len(files), 1, f"one feed of {account}: {files}")
        feed = feedparser.parse(str(files[0]))
        self.assertFalse(feed.bozo, feed.get("bozo_exception"))
        parts = {p["wire_key"]: (d, p) for d in wanted for p in d["parts"]}
        entries = {e.id.rsplit(":", 1)[-1]: e for e in feed.entries}
        self.assertEqual(sorted(entries), sorted(parts))
        for key, (delivery, part) in parts.items():
            entry = entries[key]
            self.assertEqual(entry.content[0].value.strip(), part["text"].strip())
            self.assertEqual(entry.content[0].language, part["language"])
            self.assertEqual(entry.published, delivery["due"])
            self.assertTrue(entry.title)
            first = part["text"].strip().splitlines()[0]
            warned = part.get("warning") or ""
            self.assertTrue(first.startswith(entry.title.rstrip("…").rstrip()) or entry.title == warned, entry.title)
            self.assertEqual(len([x for x in entry.get("links", []) if x.rel == "enclosure"]), len(part["media"]))
        page = files[0].with_name("index.html").read_text(encoding="utf-8")
        for key in parts:
            self.assertIn(key, page)

    @staticmethod
    def is_feed_of(path, wanted):
        return any(p["wire_key"] in path.read_text(encoding="utf-8") for d in wanted for p in d["parts"])


if __name__ == "__main__":
    main()

"""What `plan --requests` shows is what goes over the wire: every byte of every upload and post of the
example campaign, as the server received it, against the plan that was made before the first contact.

The example is the one in config/, its five feeds replaced by five accounts on one server.
"""
import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

from harness import E2E, WIDE, main

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "free-assange-now"
# What HTTP and the transport add to the headers that the plan names.
OF_HTTP = {"host", "user-agent", "accept", "content-length"}
PLACE = re.compile(r"‹([^›]+)›")


def body_of(recorded):
    return base64.b64decode(recorded["base64"]) if "base64" in recorded else recorded["text"].encode()


class Wire(E2E):
    def setUp(self):
        self.server = self.books(record=True)
        c = self.campaign = self.campaign_of()
        shutil.copytree(EXAMPLE / "schedule", c.folder / "schedule")
        text, self.tokens = (EXAMPLE / "camp-post.yaml").read_text(), {}
        text = re.sub(r"\n +limits: .*", "", text)
        text = re.sub(r"\n  ([a-z-]+-feed):\n", self.account, text)
        text = re.sub(r"adapter: feed\n +directory: \S+", f"adapter: mastodon\n    server: {self.server.url}", text)
        (c.folder / "camp-post.yaml").write_text(text)
        self.start = (EXAMPLE / "start").read_text().strip()
        self.files = {hashlib.sha256(f.read_bytes()).hexdigest(): f.read_bytes()
                      for f in (EXAMPLE / "schedule").rglob("*.png")}

    def account(self, found):
        name = found.group(1)
        self.tokens[name] = f"t-{name.replace('-', '')}{len(self.tokens)}"
        self.campaign.credential(name, self.tokens[name])
        return f"\n  {name}:\n    credential: {name}\n    limits: {json.dumps(WIDE)}\n"

    # ---- the plan's side

    def requests_of_the_plan(self):
        plan = self.ran(self.campaign, "plan", "--requests", "--json").json()
        self.assertTrue(all(d["account"] in self.tokens for d in plan["deliveries"]))
        return {d["key"]: d for d in plan["deliveries"]}

    def filled(self, text, values):
        """The bytes of a text with placeholders."""
        out, end = b"", 0
        for place in PLACE.finditer(text):
            value = values[place.group(1)]
            out += text[end:place.start()].encode() + (value if isinstance(value, bytes) else value.encode())
            end = place.end()
        return out + text[end:].encode()

    def values(self, delivery, made):
        """What stands for the placeholders of each part's requests; made: wire key → the books' row."""
        posts, out = [], []
        for part in delivery["parts"]:
            values = {"access_token": self.tokens[delivery["account"]]}
            values |= {f"media {h}, {len(b)} bytes": b for h, b in self.files.items()}
            if posts:
                values |= {"post 1": posts[0], "post before": posts[-1]}
            row = made[part["wire_key"]]
            self.assertEqual([(m["sha256"], m["description"]) for m in row["media"]],
                             [(m["sha256"], m["alt"]) for m in part["media"]], delivery["key"])
            values |= {f"media {n}": m["id"] for n, m in enumerate(row["media"], 1)}
            posts.append(row["id"])
            out.append(values)
        return out

    # ---- the wire's side

    def recorded(self):
        return [row for row in self.server.requests() if not row["target"].startswith("/__")]

    def acts(self):
        """The recorded requests that change something, by the key in them, in order."""
        found = {}
        for row in self.recorded():
            if row["method"] == "GET":
                continue
            key = row["headers"].get("idempotency-key")
            if not key:
                key = re.search(r"boundary=\"?camp-post-([a-z2-7]{26})-\d+", row["headers"]["content-type"]).group(1)
            found.setdefault(key, []).append(row)
        return found

    def compare(self, deliveries):
        acts, made = self.acts(), {s["key"]: s for s in self.server.statuses()}
        wanted = [(d, p, v) for d in deliveries for p, v in zip(d["parts"], self.values(d, made))]
        self.assertEqual(sorted(acts), sorted(p["wire_key"] for _, p, _ in wanted), "a request of no part, or none of a part")
        for delivery, part, values in wanted:
            recorded = acts[part["wire_key"]]
            self.assertEqual(len(recorded), len(part["requests"]), f"{delivery['key']}: how many requests")
            for planned, row in zip(part["requests"], recorded):
                self.compare_one(delivery["key"], planned, row, values)

    def compare_one(self, key, planned, row, values):
        self.assertIn(planned["step"], ("prepare", "publish"))
        self.assertEqual(row["method"], planned["method"], key)
        self.assertEqual(self.server.url + row["target"], planned["url"], key)
        named = {name.lower(): self.filled(text, values) for name, text in planned["headers"].items()}
        sent = {name: text.encode("latin-1") for name, text in row["headers"].items()}
        self.assertEqual({n: v for n, v in sent.items() if n in named}, named, key)
        self.assertLessEqual(set(sent) - set(named), OF_HTTP, f"{key}: headers that the plan does not name")
        body = planned["body"]
        if not isinstance(body, str):
            body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self.assertEqual(body_of(row), self.filled(body, values), key)

    # ---- the cases

    def test_every_byte_of_the_example_is_what_the_plan_showed_before_the_first_contact(self):
        plan = self.requests_of_the_plan()
        self.assertEqual(self.recorded(), [], "a plan uses no network")
        self.ran(self.campaign, "run", "--clock", self.start, timeout=120)
        states = self.campaign.states()
        self.assertEqual({states[k] for k in plan}, {"seen", "standby"})
        timed = [d for key, d in plan.items() if states[key] == "seen"]
        self.assertGreater(len(timed), 50)
        self.assertTrue(any(p["media"] for d in timed for p in d["parts"]), "a picture is among them")
        self.assertTrue(any(len(d["parts"]) > 2 for d in timed), "and a thread")
        self.compare(timed)
        self.after_a_release(plan)

    def after_a_release(self, plan):
        """The rest: what waits for a person goes as it was shown, too, now that the server is known."""
        waiting = [key for key, state in self.campaign.states().items() if state == "standby"]
        known = self.requests_of_the_plan()
        for key in waiting:
            self.assertEqual([p["requests"] for p in known[key]["parts"]], [p["requests"] for p in plan[key]["parts"]])
            self.ran(self.campaign, "release", key)
        self.ran(self.campaign, "run", "--clock", self.start, timeout=120)
        status = self.campaign.status()
        self.assertEqual({row["state"] for row in status.values()}, {"seen"})
        self.assertEqual({status[key]["due"][:7] for key in waiting}, {"2022-02"}, "released on the rehearsal's clock")
        self.compare(list(plan.values()))


if __name__ == "__main__":
    main()

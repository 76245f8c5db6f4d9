"""What people decide: each decision on each state, with a running service and without, and what is kept of it."""
import getpass
import json
import time

from harness import E2E, at, main, sleep_until

REMOTE = "109000000000000042"
STATES = ["planned", "published", "uncertain", "rejected", "expired", "cancelled"]
# decision: (its options, the states it is for)
DECISIONS = {
    "retry": (["retry", "--send-by", "1h"], {"rejected", "expired"}),
    "published": (["resolve", "--published", REMOTE], {"uncertain"}),
    "absent": (["resolve", "--absent"], {"uncertain"}),
    "give up": (["resolve", "--cancel"], {"uncertain"}),
    "cancel": (["cancel"], {"planned", "uncertain"}),
}
LEADS_TO = {"retry": "planned", "published": "published", "absent": "planned", "give up": "cancelled", "cancel": "cancelled"}


class Decisions(E2E):
    def setUp(self):
        self.server = self.books()
        c = self.campaign = self.campaign_of()
        c.mastodon("uk", self.server)
        c.notify()

    def serve(self):
        self.service = self.campaign.service()
        self.addCleanup(self.service.kill)
        self.service.wait_ready()

    def part(self, post):
        """The stored state of a post's one part, as the ledger has it."""
        rows = self.ran(self.campaign, "show", post, "--json").json()["deliveries"]
        return rows[0]["parts"][0]

    def in_every_state(self, copies):
        """`copies` posts in each state, named STATE-N; the service has ended."""
        c, due = self.campaign, at(seconds=5)
        for n in range(copies):
            c.post(f"planned-{n}", f"planned {n}", standby=True)
            c.post(f"cancelled-{n}", f"cancelled {n}", standby=True)
            c.post(f"expired-{n}", f"expired {n}", at=due, send_by="+1s")
            for state in ("published", "uncertain", "rejected"):
                c.post(f"{state}-{n}", f"{state} {n}", standby=True)
        c.write()
        self.serve()
        self.server.turn(faults=[{"kind": "422", "match": "rejected", "times": None},
                                 {"kind": "422_attached", "match": "uncertain", "times": None}])
        for n in range(copies):
            self.ran(c, "hold", f"expired-{n}")
            self.ran(c, "cancel", f"cancelled-{n}")
            for state in ("published", "uncertain", "rejected"):
                self.ran(c, "release", f"{state}-{n}")
        sleep_until(due)
        # What is held does not expire: the hold ends when it is past its send_by.
        time.sleep(1.5)
        for n in range(copies):
            self.ran(c, "release", f"expired-{n}", codes=(0, 1))
        wanted = {state: copies for state in STATES}
        self.eventually(lambda: dict(c.part_states()) == wanted, c, 40, f"not in {wanted}")
        self.service.stop()
        self.server.turn(faults=[])
        self.ran(c, "hold", "all", "--reason", "nothing moves while decisions are tried")

    def every_decision_on_every_state(self, then=lambda: None):
        self.in_every_state(len(DECISIONS))
        then()
        for number, (name, (words, fits)) in enumerate(DECISIONS.items()):
            for state in STATES:
                with self.subTest(decision=name, state=state):
                    self.decide(name, words, f"{state}-{number}", state, state in fits)

    def decide(self, name, words, post, before, fits):
        c = self.campaign
        dry = self.ran(c, "--dry-run", *words, post, codes=(0,) if fits else (1,))
        self.assertEqual(self.part(post)["state"] in (before, "held", "seen", "standby"), True, f"{dry}")
        stored = c.part_states()
        result = self.ran(c, *words, post, "--reason", f"tried {name}", codes=(0,) if fits else (1,))
        moved = c.part_states()
        if not fits:
            self.assertIn("too late", result.stderr)
            self.assertEqual(moved, stored)
        else:
            stored.subtract([before])
            stored.update([LEADS_TO[name]])
            self.assertEqual(+stored, +moved)
            said = [e["data"] for e in c.entries() if post in str(e["data"].get("delivery")) and "reason" in e["data"]]
            self.assertTrue(any(s["reason"] == f"tried {name}" and s["by"] == getpass.getuser() for s in said), said)
        if fits and name == "published":
            self.assertEqual(self.part(post)["remote_id"], REMOTE)
        if fits and name == "absent":
            self.assertEqual(self.part(post)["generation"], 2, "a person's order is a new key")

    def test_every_decision_on_every_state_without_a_service(self):
        self.every_decision_on_every_state()

    def test_every_decision_on_every_state_with_a_service(self):
        self.every_decision_on_every_state(self.serve)

    def test_what_a_person_sends_again_arrives_once(self):
        self.in_every_state(1)
        c = self.campaign
        self.ran(c, "retry", "rejected-0")
        for dry in ([], ["--dry-run"]):
            self.ran(c, *dry, "retry", "expired-0", codes=(1,))
        self.assertIn("--send-by", self.ran(c, "retry", "expired-0", codes=(1,)).stderr)
        deadlines = {key: row["send_by"] for key, row in c.status().items()}
        self.ran(c, "retry", "all", "--send-by", "1h")
        changed = {key.split("/")[1] for key, row in c.status().items() if row["send_by"] != deadlines[key]}
        self.assertEqual(changed, {"expired-0"}, "the others keep their deadline")
        self.ran(c, "resolve", "uncertain-0", "--absent")
        self.ran(c, "release", "all")
        self.ran(c, "run", "--once")
        self.assert_once(self.server, ["published 0", "rejected 0", "expired 0", "uncertain 0"], c)
        self.assertEqual({k.split("/")[1]: s for k, s in c.states().items()},
                         {"published-0": "seen", "rejected-0": "seen", "expired-0": "seen", "uncertain-0": "seen",
                          "planned-0": "standby", "cancelled-0": "cancelled"})

    def test_what_is_on_its_way_is_too_late_to_cancel(self):
        self.server.turn(delay_ms=2000)
        c = self.campaign
        c.post("slow", "On its way.", standby=True)
        c.write()
        self.serve()
        self.ran(c, "release", "slow")
        self.eventually(lambda: self.server.report()["attempts"], c)
        self.assertIn("too late", self.ran(c, "cancel", "slow", codes=(1,)).stderr)
        held = self.ran(c, "hold", "all", "--json").json()
        self.assertEqual(len(held["under_way"]), 1, held)
        self.eventually(lambda: c.state_of("slow") == "seen", c)
        self.assert_once(self.server, ["On its way."], c)


class Words(E2E):
    def setUp(self):
        self.server = self.books()
        c = self.campaign = self.campaign_of()
        c.mastodon("uk", self.server)
        c.post("ready", "Put aside until somebody says so.", standby=True)
        c.post("other", "Put aside, too.", standby=True)
        c.post("past", "From before.", at=at(minutes=-10))
        c.write()

    def test_the_release_of_a_wide_scope_leaves_standby_and_late_alone_unless_it_says_so(self):
        c = self.campaign
        with c.service():
            for scope in ("all", "campaign:trial", "account:uk"):
                self.ran(c, "hold", scope)
                said = self.ran(c, "release", scope)
                self.assertIn("--standby", said.stdout)
            time.sleep(0.5)
            self.assertEqual(self.server.statuses(), [])
            self.ran(c, "release", "all", "--late")
            self.eventually(lambda: c.state_of("past") == "seen", c)
            self.assert_once(self.server, ["From before."], c)
            self.ran(c, "release", "all", "--standby")
            self.eventually(lambda: set(c.states().values()) == {"seen"}, c)
        self.assertEqual(len(self.server.statuses()), 3)

    def test_a_dry_run_of_a_decision_changes_nothing(self):
        c = self.campaign
        self.ran(c, "run", "--once", codes=(0, 3))
        before, entries = c.states(), c.entries()
        for words in (["hold", "all"], ["release", "ready"], ["cancel", "ready"]):
            self.assertIn("ready", self.ran(c, "--dry-run", *words).stdout)
        self.assertEqual((c.states(), c.entries()), (before, entries))
        self.ran(c, "run", "--once", codes=(0, 3))
        self.assertEqual(self.server.statuses(), [])

    def test_reason_and_name_of_a_decision_are_kept(self):
        c = self.campaign
        self.ran(c, "run", "--once", codes=(0, 3))
        self.ran(c, "hold", "account:uk", "--reason", "the lawyer «called»")
        self.ran(c, "release", "ready", "--reason", "now\x1b[31m!")
        self.ran(c, "release", "account:uk", "--reason", "all clear")
        log = c.log()
        for words in ("the lawyer «called»", "all clear", getpass.getuser()):
            self.assertIn(words, log)
        self.assertNotIn("\x1b", log)
        kept = {(e["kind"], e["data"].get("reason")) for e in c.entries() if e["data"].get("by") == getpass.getuser()}
        self.assertLessEqual({"the lawyer «called»", "now\x1b[31m!", "all clear"}, {reason for _, reason in kept})

    def test_show_and_status_tell_what_the_ledger_knows(self):
        c = self.campaign
        with c.service():
            self.ran(c, "release", "ready")
            self.eventually(lambda: c.state_of("ready") == "seen", c)
            shown = self.ran(c, "show", "ready")
            made = self.server.statuses()[0]
            for words in ("Put aside until somebody says so.", made["id"], "published", made["key"]):
                self.assertIn(words, shown.stdout)
            status = self.ran(c, "status", "--json").json()
            self.assertEqual(status["format"], 1)
            self.assertEqual(status["summary"], {"seen": 1, "standby": 1, "late": 1})
            row = next(d for d in status["deliveries"] if d["post"] == "ready")
            self.assertEqual((row["parts"][0]["remote_id"], row["parts"][0]["state"]), (made["id"], "seen"))
            self.assertEqual(len(self.ran(c, "status", "ready", "--json").json()["deliveries"]), 1)
        self.ran(c, "show", "nothing-of-this-name", codes=(1, 2))

    def test_wrong_words_are_usage(self):
        c = self.campaign
        for words in (["hold"], ["hold", "a b"], ["resolve", "ready"], ["resolve", "ready", "--absent", "--cancel"],
                      ["retry", "ready", "--send-by", "soon"], ["release", "account:"], ["hold", "all", "--standby"]):
            self.ran(c, *words, codes=(2,))


class Notices(E2E):
    def refused(self, script):
        """A post that the server refuses, and a command that is told."""
        self.server = self.books(faults=["422"])
        c = self.campaign = self.campaign_of()
        c.mastodon("uk", self.server)
        c.post("refused", "Not wanted there.", standby=True)
        c.notify(script)
        c.write()
        service = c.service()
        self.addCleanup(service.kill)
        service.wait_ready()
        self.ran(c, "release", "refused")
        self.eventually(lambda: c.state_of("refused") == "rejected", c)
        return service

    def about(self):
        return [n for n in self.campaign.notices() if "refused" in json.dumps(n)]

    def test_a_notice_reaches_the_command_once_when_all_goes_well(self):
        service = self.refused("cat")
        self.eventually(self.about, self.campaign)
        service.stop()
        with self.campaign.service():
            time.sleep(0.5)
        self.assertEqual(len(self.about()), 1, self.campaign.notices())
        notice = self.about()[0]
        self.assertTrue(notice["notice"] and notice["number"] > 0, notice)
        self.assertIn("422", json.dumps(notice))

    def test_a_notice_comes_again_after_its_command_failed_and_after_a_crash(self):
        service = self.refused("test -e mended && cat")
        c = self.campaign
        self.eventually(lambda: "notify command" in service.said(), c)
        self.assertEqual(c.notices(), [])
        service.kill()
        (c.folder / "mended").touch()
        with c.service():
            self.eventually(self.about, c)

    def test_a_notice_of_a_command_that_cannot_be_run_stays(self):
        service = self.refused("exit 3")
        self.eventually(lambda: "notify command" in service.said(), self.campaign)
        service.stop()
        self.assertEqual(self.about(), [])
        self.campaign.notify("cat")
        self.campaign.write()
        with self.campaign.service():
            self.eventually(self.about, self.campaign)

    def test_run_once_tells_before_it_ends_and_does_not_wait_for_a_command_that_fails(self):
        server = self.books()
        c = self.campaign = self.campaign_of()
        c.mastodon("uk", server)
        c.post("refused", "From before.", at=at(minutes=-10))
        c.notify("exit 3")
        c.write()
        began = time.monotonic()
        self.ran(c, "run", "--once", codes=(0, 3))
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(c.notices(), [])
        c.notify()
        c.write()
        for _ in range(2):
            self.ran(c, "run", "--once", codes=(0, 3))
            self.assertEqual(len(self.about()), 1, c.notices())


if __name__ == "__main__":
    main()

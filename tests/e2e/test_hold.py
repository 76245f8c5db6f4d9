"""Holds: by a file and by command, with the service running and without; at once, and ended exactly."""
import time

from harness import E2E, at, main, sleep_until, wait_until


class Hold(E2E):
    def setUp(self):
        self.server = self.books()
        c = self.campaign = self.campaign_of()
        c.mastodon("uk", self.server)
        c.mastodon("mexico", self.server)

    def standby(self, count=1):
        """So many standby posts for each account; their texts."""
        for n in range(count):
            self.campaign.post(f"p{n}", f"Text {n}.", standby=True)
        self.campaign.write()

    def texts(self):
        return sorted(s["text"] for s in self.server.statuses())

    def quiet(self, seconds=1.0):
        """Nothing is published for so long."""
        self.assertFalse(wait_until(self.server.statuses, seconds), "posted while held")

    def published(self, texts):
        self.eventually(lambda: self.texts() == sorted(texts), self.campaign, 20, f"not out: {texts}")

    def states(self, account):
        return {state for key, state in self.campaign.states().items() if key.endswith("/" + account)}

    def test_a_file_named_hold_stops_a_running_service_and_its_removal_lets_it_go(self):
        self.standby()
        with self.campaign.service():
            (self.campaign.state / "HOLD").touch()
            self.ran(self.campaign, "release", "p0")
            self.quiet()
            self.assertEqual(set(self.campaign.states().values()), {"held"})
            (self.campaign.state / "HOLD").unlink()
            self.published(["Text 0."] * 2)

    def test_a_file_named_hold_stops_run_once(self):
        self.standby()
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        (self.campaign.state / "HOLD").touch()
        self.ran(self.campaign, "release", "p0")
        self.ran(self.campaign, "run", "--once", codes=(3,))
        self.assertEqual(self.texts(), [])
        (self.campaign.state / "HOLD").unlink()
        self.ran(self.campaign, "run", "--once")
        self.assertEqual(self.texts(), ["Text 0."] * 2)

    def test_a_hold_by_command_stops_a_running_service_until_its_release(self):
        due = at(seconds=4)
        self.campaign.post("timed", "On time, or held.", at=due)
        self.campaign.write()
        with self.campaign.service():
            self.ran(self.campaign, "hold", "all", "--reason", "a letter from the lawyer")
            sleep_until(due)
            self.quiet()
            self.assertEqual(set(self.campaign.states().values()), {"held"})
            self.assertIn("a letter from the lawyer", self.campaign.log())
            self.ran(self.campaign, "release", "all")
            self.published(["On time, or held."] * 2)

    def test_a_hold_of_one_account_leaves_the_other_alone_also_without_a_service(self):
        self.standby()
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        self.ran(self.campaign, "hold", "account:uk", "--reason", "its token is being changed")
        self.ran(self.campaign, "release", "p0")
        self.ran(self.campaign, "run", "--once", codes=(3,))
        self.assertEqual(self.texts(), ["Text 0."])
        self.assertEqual((self.states("uk"), self.states("mexico")), ({"held"}, {"seen"}))
        self.ran(self.campaign, "release", "account:uk")
        self.ran(self.campaign, "run", "--once")
        self.assertEqual(self.texts(), ["Text 0."] * 2)

    def test_a_hold_outlives_the_service(self):
        self.standby()
        with self.campaign.service():
            self.ran(self.campaign, "hold", "campaign:trial", "--reason", "night")
            self.ran(self.campaign, "release", "p0")
        with self.campaign.service():
            self.quiet()
            self.ran(self.campaign, "release", "campaign:trial", "--standby")
            self.published(["Text 0."] * 2)

    def test_a_release_ends_the_rows_of_its_scope_and_says_what_still_stands(self):
        self.standby()
        with self.campaign.service():
            self.ran(self.campaign, "hold", "all", "--reason", "one")
            self.ran(self.campaign, "hold", "account:uk", "--reason", "two")
            self.ran(self.campaign, "release", "p0")
            said = self.ran(self.campaign, "release", "all")
            self.assertIn("account:uk", said.stdout + said.stderr)
            self.published(["Text 0."])
            self.assertEqual(self.states("uk"), {"held"})
            self.ran(self.campaign, "release", "account:uk")
            self.published(["Text 0."] * 2)

    def test_nothing_begins_after_a_hold_was_answered(self):
        self.server.turn(delay_ms=20)
        self.standby(40)
        with self.campaign.service():
            self.ran(self.campaign, "release", "campaign:trial", "--standby")
            self.eventually(lambda: len(self.server.report()["attempts"]) >= 6, self.campaign)
            self.ran(self.campaign, "hold", "all", "--reason", "stop")
            answered = time.time()
            time.sleep(0.8)
            # What the gate had let through is on its way, and this machine may be slow to read it.
            after = [a for a in self.server.report()["attempts"] if a["time"] > answered + 0.15]
            self.assertEqual(after, [], "publishing requests that came after the hold's answer")
            self.assertLess(len(self.texts()), 80, "the hold came in the midst of it")
            self.ran(self.campaign, "release", "all")
            self.published([f"Text {n}." for n in range(40)] * 2)


if __name__ == "__main__":
    main()

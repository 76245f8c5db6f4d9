"""What a person decides changes what was meant, and nothing else; and the answer tells a slip from a deed."""
import json

from harness import E2E, at, main, sleep_until


class Decisions(E2E):
    def setUp(self):
        self.campaign = self.campaign_of()
        self.campaign.feed("uk-feed")

    def standby(self):
        self.campaign.post("hello", "Hello.", standby=True)
        self.campaign.write()

    def send_by(self):
        return {key: row["send_by"] for key, row in self.campaign.status().items()}

    def test_a_retry_with_a_deadline_leaves_that_of_planned_deliveries_alone(self):
        self.campaign.events["far"] = {"start": "2099-01-10 12:00"}
        self.campaign.post("countdown", "Not yet.", relative={"event": "far", "offsets": ["-3d", "-2h"]})
        self.campaign.write()
        self.ran(self.campaign, "run", "--once")
        before = self.send_by()
        self.assertEqual(len(before), 2)
        refused = self.ran(self.campaign, "retry", "countdown", "--send-by", "2h", codes=(1,))
        self.assertIn("too late", refused.stderr)
        self.assertEqual(self.send_by(), before, "else they would expire before they are due")

    def test_a_hold_of_a_name_that_nothing_has_holds_but_says_so(self):
        self.standby()
        self.ran(self.campaign, "run", "--once")
        slip = self.ran(self.campaign, "hold", "helo")
        self.assertIn("nothing that was accepted is of this scope", slip.stdout)
        deed = self.ran(self.campaign, "hold", "hello")
        self.assertEqual(deed.stdout.strip(), "held")
        self.assertEqual(self.ran(self.campaign, "hold", "all").stdout.strip(), "held")

    def test_a_release_counts_and_names_what_still_stands(self):
        self.standby()
        self.ran(self.campaign, "run", "--once")
        self.ran(self.campaign, "hold", "hello")
        self.ran(self.campaign, "hold", "account:uk-feed", "--reason", "ask first")
        said = self.ran(self.campaign, "release", "hello").stdout.splitlines()[0]
        self.assertEqual(said, "1 hold ended, 1 delivery released; still held: account:uk-feed (ask first)")

    def test_a_run_with_only_sends_nothing_else(self):
        self.campaign.feed("mx-feed")
        self.standby()
        self.ran(self.campaign, "run", "--once")
        self.ran(self.campaign, "release", "hello")
        self.ran(self.campaign, "run", "--once", "--only", "account:mx-feed")
        states = self.campaign.states()
        self.assertEqual(states["trial/hello/-/mx-feed"], "seen")
        self.assertIn(states["trial/hello/-/uk-feed"], ("planned", "due"))
        slip = self.ran(self.campaign, "run", "--once", "--only", "account:mx-fed")
        self.assertIn("nothing that was accepted is of the scope", slip.stderr)

    def test_the_log_names_deliveries_as_people_do(self):
        due = at(seconds=2)
        self.campaign.post("why", at=due, thread=[{"text": "One."}, {"text": "Two."}])
        self.campaign.write()
        with self.campaign.service() as service:
            sleep_until(due)
            self.eventually(lambda: self.campaign.state_of("why") == "seen", self.campaign)
            self.assertIn("trial/why/-/uk-feed#2: in_flight to published", service.said())

    def test_a_configuration_that_lost_its_schedules_takes_nothing_back(self):
        self.standby()
        self.ran(self.campaign, "run", "--once")
        config = self.campaign.folder / "camp-post.yaml"
        kept = json.loads(config.read_text())
        del kept["schedules"]
        config.write_text(json.dumps(kept))
        said = self.ran(self.campaign, "run", "--once", codes=(1,))
        self.assertIn("does not say which schedules are read", said.stderr)
        self.assertEqual(self.campaign.state_of("hello"), "standby")


if __name__ == "__main__":
    main()

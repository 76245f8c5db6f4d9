"""new, check, run, and what status, show, log, accounts and the decisions say of it."""
import json

from harness import E2E, at, main


class Reports(E2E):
    def setUp(self):
        self.campaign = self.campaign_of()
        self.campaign.feed("feed", organisation="org")
        self.campaign.campaign |= {}
        self.campaign.post("p", "A text.", standby=True)
        self.campaign.post("old", "It is late.", at="2020-01-01 12:00")
        self.campaign.write()

    def test_new_makes_a_campaign_that_passes_check_and_never_overwrites(self):
        self.ran(self.campaign, "new", "fresh", "--dry-run")
        self.assertFalse((self.campaign.folder / "fresh").exists())
        self.assertIn("camp-post --dry-run", self.ran(self.campaign, "new", "fresh").stdout)
        fresh = self.campaign.folder / "fresh"
        before = (fresh / "camp-post.yaml").read_bytes()
        self.ran(self.campaign, "--config", "fresh/camp-post.yaml", "check")
        again = self.ran(self.campaign, "new", "fresh", codes=(4,))
        self.assertIn("fresh", again.stderr)
        self.assertEqual((fresh / "camp-post.yaml").read_bytes(), before)

    def test_check_is_silent_about_files_that_are_fine(self):
        result = self.ran(self.campaign, "check")
        self.assertEqual(result.stderr, "")
        self.assertIn("The files are fine.", result.stdout)

    def test_check_online_says_who_we_are(self):
        server = self.books()
        self.campaign.mastodon("main", server)
        self.campaign.write()
        self.assertIn("are assumed", self.ran(self.campaign, "check").stdout)
        report = self.ran(self.campaign, "check", "--online", "--json").json()
        self.assertNotIn("are assumed", str(report["diagnostics"]))
        main_account = {a["account"]: a for a in report["accounts"]}["main"]
        self.assertTrue(main_account["ok"])
        self.assertTrue(main_account["who"])
        self.assertFalse(main_account["assumed"])
        self.assertFalse(self.campaign.state.exists(), "it only asks")
        (self.campaign.folder / "credentials" / "main.json").unlink()
        result = self.ran(self.campaign, "check", "--online", codes=(4,))
        self.assertIn("camp-post login", result.stderr)

    def test_before_the_first_run_there_is_nothing_to_report(self):
        self.assertIn("Nothing was accepted yet", self.ran(self.campaign, "status").stdout)
        self.assertEqual(self.ran(self.campaign, "status", "--json").json()["deliveries"], [])
        self.assertIn("no delivery", self.ran(self.campaign, "show", "p", codes=(1,)).stderr)

    def test_status_names_every_delivery_and_why_it_waits(self):
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        self.assertEqual(self.campaign.states(), {"trial/p/-/feed": "standby", "trial/old/-/feed": "late"})
        self.ran(self.campaign, "hold", "account:feed", "--reason", "a letter")
        report = self.ran(self.campaign, "status", "--json").json()
        self.assertEqual([(h["scope"], h["reason"]) for h in report["holds"]], [("account:feed", "a letter")])
        self.assertEqual(report["summary"], {"standby": 1, "late": 1})
        said = self.ran(self.campaign, "status").stdout
        self.assertIn("2 deliveries: ", said)
        self.assertIn("Held: account:feed since ", said)
        self.assertEqual(list(self.campaign.status()), ["trial/old/-/feed", "trial/p/-/feed"])
        self.assertEqual(len(self.ran(self.campaign, "status", "p", "--json").json()["deliveries"]), 1)

    def test_a_decision_can_be_tried_before_it_is_made(self):
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        said = self.ran(self.campaign, "release", "p", "--dry-run").stdout
        self.assertIn("trial/p/-/feed: standby, would go now", said)
        self.assertEqual(self.campaign.state_of("p"), "standby")
        self.ran(self.campaign, "cancel", "old", "--dry-run")
        self.assertEqual(self.campaign.state_of("old"), "late")
        self.ran(self.campaign, "retry", "p", "--dry-run", codes=(1,))
        self.ran(self.campaign, "cancel", "old", "--reason", "it is over")
        self.assertEqual(self.campaign.state_of("old"), "cancelled")

    def test_show_and_log_tell_the_whole_story(self):
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        self.ran(self.campaign, "release", "p", "--reason", "the time has come")
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        self.assertEqual(self.campaign.state_of("p"), "seen")
        shown = self.ran(self.campaign, "show", "p", "--json").json()["deliveries"]
        self.assertEqual([d["key"] for d in shown], ["trial/p/-/feed"])
        self.assertEqual(shown[0]["parts"][0]["content"]["text"], "A text.")
        self.assertEqual([a["outcome"] for a in shown[0]["attempts"]], ["published"])
        self.assertIn("A text.", self.ran(self.campaign, "show", "p").stdout)
        self.assertIn("the time has come", self.ran(self.campaign, "log", "p").stdout)
        lines = [json.loads(line) for line in self.ran(self.campaign, "log", "--json").stdout.splitlines()]
        self.assertEqual([line["number"] for line in lines], list(range(1, len(lines) + 1)))
        late = [json.loads(line) for line in self.ran(self.campaign, "log", "--json", "--notices").stdout.splitlines()]
        self.assertTrue(late and all(line["notice"] for line in late))

    def test_too_late_ends_with_1(self):
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        self.ran(self.campaign, "cancel", "old")
        self.assertIn("too late", self.ran(self.campaign, "cancel", "old", codes=(1,)).stderr)
        self.assertIn("no delivery", self.ran(self.campaign, "cancel", "nothing", codes=(1,)).stderr)

    def test_expired_ones_make_status_end_with_3(self):
        self.campaign.post("soon", "It expires.", at=at(seconds=2), send_by="+1s")
        self.campaign.write()
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        self.ran(self.campaign, "hold", "all")
        self.eventually(lambda: self.expired(), self.campaign, 20, "it did not expire")
        result = self.ran(self.campaign, "status", codes=(3,))
        self.assertIn("expired", result.stdout)

    def expired(self):
        self.campaign.run("run", "--once")
        return self.campaign.state_of("soon") == "expired"

    def test_accounts_and_adapters_say_what_is_there(self):
        accounts = self.ran(self.campaign, "accounts", "--json").json()["accounts"]
        self.assertEqual([(a["account"], a["adapter"], a["assumed"]) for a in accounts], [("feed", "feed", True)])
        adapters = {a["name"]: a for a in self.ran(self.campaign, "adapters", "--json").json()["adapters"]}
        self.assertIn("login", adapters["mastodon"]["can"])
        self.assertIn("directory", [o["name"] for o in adapters["feed"]["options"]])


if __name__ == "__main__":
    main()

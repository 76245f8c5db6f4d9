"""Files that change under a running service: what is taken over, what never is, and what people are told."""
import hashlib
import shutil
import time

from harness import E2E, WIDE, at, main, sleep_until
from test_mastodon import png

QUIET = 2.0  # seconds without a change before the files are read again


class Reload(E2E):
    def setUp(self):
        self.server = self.books()
        c = self.campaign = self.campaign_of()
        c.mastodon("uk", self.server)
        c.notify()

    def begin(self):
        self.campaign.write()
        self.service = self.campaign.service()
        self.addCleanup(self.service.kill)
        self.service.wait_ready()

    def reload(self):
        """Writes the files and says so. Done when a post that is added for this is known."""
        c, marker = self.campaign, f"marker-{len(self.campaign.posts)}"
        c.post(marker, f"Never sent, {marker}.", standby=True)
        c.write()
        self.service.reload()
        self.eventually(lambda: c.state_of(marker), c, what="the files were not read again")

    def edit(self, name, **fields):
        post = next(p for p in self.campaign.posts if p["id"] == name)
        post.update(fields)

    def out(self, name):
        self.ran(self.campaign, "release", name)
        self.eventually(lambda: self.campaign.state_of(name) == "seen", self.campaign, what=f"'{name}' is not out")

    def told(self, words, seconds=10):
        """A notice with these words reached the command."""
        self.eventually(lambda: any(words in n["notice"] for n in self.campaign.notices()), self.campaign, seconds,
                        f"no notice with '{words}' among {[n['notice'] for n in self.campaign.notices()]}")

    def change_of(self, name):
        return next((d["change"] for d in self.campaign.plan() if d["post"] == name), None)

    # ---- what is taken over

    def test_changed_files_are_read_after_two_quiet_seconds(self):
        c = self.campaign
        c.post("first", "The first.", standby=True)
        self.begin()
        c.post("new", "New.", at=at(seconds=12))
        due = c.posts[-1]["at"]
        for _ in range(5):  # somebody who saves and saves
            c.write()
            last = time.monotonic()
            self.assertIsNone(c.state_of("new"), "read in the midst of the changes")
            time.sleep(0.6)
        self.eventually(lambda: c.state_of("new"), c, 8, "the change was not noticed")
        self.assertGreater(time.monotonic() - last, QUIET - 0.1)
        sleep_until(due)
        self.eventually(lambda: c.state_of("new") == "seen", c)
        self.assert_once(self.server, ["New."], c)

    def picture_of(self, name):
        shown = self.ran(self.campaign, "show", name, "--json").json()["deliveries"][0]
        return shown["parts"][0]["content"]["media"][0]["sha256"]

    def test_a_new_picture_and_a_folder_that_git_put_in_the_place_of_the_old_one_are_noticed(self):
        c, folder = self.campaign, self.campaign.folder / "schedule"
        c.file("media/poster.png", png(1))
        c.post("poster", "With a poster.", standby=True, media=[{"file": "media/poster.png", "alt": {"en": "A poster"}}])
        self.begin()
        before = self.picture_of("poster")
        c.file("media/poster.png", png(2))
        self.eventually(lambda: self.picture_of("poster") != before, c, 8, "the picture was not noticed")
        shutil.copytree(folder, c.folder / "new")
        folder.rename(c.folder / "old")
        (c.folder / "new").rename(folder)
        time.sleep(QUIET + 1.5)
        c.post("added", "In the new folder.", standby=True)
        c.write()
        self.eventually(lambda: c.state_of("added"), c, 8, "the new folder is not watched")
        self.out("poster")
        made = [m["sha256"] for s in self.server.statuses() for m in s["media"]]
        self.assertEqual(made, [hashlib.sha256(png(2)).hexdigest()])

    def test_an_edit_of_what_is_unsent_changes_what_is_sent(self):
        c, due = self.campaign, at(seconds=60)
        c.post("waits", "The first version.", standby=True)
        c.post("timed", "Soon.", at=due)
        self.begin()
        soon = at(seconds=4)
        self.edit("waits", text="The second version.")
        self.edit("timed", text="Sooner.", at=soon)
        self.reload()
        self.out("waits")
        self.eventually(lambda: c.state_of("timed") == "seen", c)
        self.assert_once(self.server, ["The second version.", "Sooner."], c)

    def test_an_edit_of_what_is_out_changes_nothing_and_the_plan_says_so(self):
        c = self.campaign
        c.post("hello", "With a misteak.", standby=True)
        self.begin()
        self.out("hello")
        self.edit("hello", text="Without a mistake.")
        c.write()
        plan = self.ran(c, "plan", "--json").json()
        said = [d["message"] for d in plan["diagnostics"] if d["severity"] == "warning"]
        self.assertTrue(any("out" in s and "published" in s for s in said), plan["diagnostics"])
        self.reload()
        self.assertEqual(c.state_of("hello"), "seen")
        self.assert_once(self.server, ["With a misteak."], c)

    def edited_in_doubt(self, fault):
        """Nobody knows whether it is out when its text is changed: what was tried stays, once."""
        c = self.campaign
        c.accounts["uk"]["limits"] = dict(WIDE, settle="2s")
        c.post("doubtful", "As it was tried.", standby=True)
        self.begin()
        self.server.turn(faults=[fault])
        self.ran(c, "release", "doubtful")
        self.eventually(lambda: c.part_states()["verify"], c)
        self.edit("doubtful", text="As it was edited.")
        c.write()
        plan = self.ran(c, "plan", "--json").json()
        self.assertTrue(any("on its way" in d["message"] for d in plan["diagnostics"]), plan["diagnostics"])
        self.reload()
        self.eventually(lambda: c.state_of("doubtful") == "seen", c, 20)
        self.assert_once(self.server, ["As it was tried."], c)

    def test_an_edit_in_doubt_does_not_hide_what_is_out(self):
        self.edited_in_doubt("drop_after_store")

    def test_an_edit_in_doubt_does_not_change_what_is_sent_again(self):
        self.edited_in_doubt("drop_before_store")

    def test_a_removed_post_is_not_sent_and_is_wanted_again_when_it_is_put_back(self):
        c, due = self.campaign, at(seconds=6)
        c.post("doubted", "On second thoughts.", at=due)
        c.post("never", "Removed for good.", at=due)
        self.begin()
        doubted, _ = c.posts
        c.posts = []
        self.reload()
        self.assertEqual((c.state_of("doubted"), c.state_of("never")), ("unwanted", "unwanted"))
        sleep_until(due)
        self.ran(c, "release", "never", codes=(0, 1))
        time.sleep(1)
        self.assertEqual(self.server.statuses(), [])
        c.posts.append(doubted)
        self.reload()
        self.eventually(lambda: c.state_of("doubted") == "seen", c)
        self.assertEqual(c.state_of("never"), "unwanted")
        self.assert_once(self.server, ["On second thoughts."], c)

    # ---- what is not

    def broken(self, words):
        """The service was asked to read what it can't use: a notice, and what was accepted goes on."""
        self.service.reload()
        self.told(words)
        self.assertIsNone(self.service.process.poll())
        self.assertEqual(self.campaign.state_of("steady"), "planned")

    def test_a_broken_edit_changes_nothing_is_a_notice_and_can_be_mended(self):
        c, due = self.campaign, at(seconds=16)
        c.post("steady", "As accepted.", at=due)
        self.begin()
        c.file("campaign.yaml", b"campaign: {id: trial\nposts: [")
        self.broken("cannot be used")
        (c.folder / "schedule").rename(c.folder / "gone")
        self.broken("schedule")
        self.assertNotIn(":0:0", self.service.said(), "a place that it does not have")
        (c.folder / "gone").rename(c.folder / "schedule")
        (c.folder / "camp-post.yaml").write_text("accounts: {uk: {adapter: mastodonn}}")
        self.service.reload()
        self.told("camp-post.yaml")
        notice = c.notices()[0]
        self.assertEqual(set(notice) >= {"number", "kind", "notice"}, True, notice)
        self.edit("steady", text="As mended.")
        self.reload()
        sleep_until(due)
        self.eventually(lambda: c.state_of("steady") == "seen", c)
        self.assert_once(self.server, ["As mended."], c)

    def test_a_renamed_post_is_not_sent_twice(self):
        c = self.campaign
        c.post("old", "Under two names.", standby=True)
        c.post("still", "Not out yet.", standby=True)
        self.begin()
        self.out("old")
        self.edit("old", id="new", was="old")
        self.edit("still", id="later", was="still")
        self.reload()
        self.assertEqual((c.state_of("old"), c.state_of("new")), (None, "seen"))
        self.out("later")
        self.assertEqual(c.state_of("new"), "seen")
        self.assert_once(self.server, ["Under two names.", "Not out yet."], c)

    def test_the_past_of_an_account_added_in_the_middle_is_late_and_waits(self):
        c, due = self.campaign, at(seconds=4)
        c.post("past", "For those who were there.", at=due)
        self.begin()
        self.eventually(lambda: c.state_of("past") == "seen", c)
        known = c.mastodon("mexico", self.server)
        self.reload()
        self.assertEqual(c.states()["trial/past/-/mexico"], "late")
        self.told("camp-post release")
        time.sleep(1)
        self.assert_once(self.server, ["For those who were there."], c)
        self.ran(c, "release", "trial/past/-/mexico")
        self.eventually(lambda: c.states()["trial/past/-/mexico"] == "seen", c)
        self.assertEqual([s["account"] for s in self.server.statuses()][1:], [known])

    def test_an_account_that_leaves_and_its_posts_stay_unsent(self):
        c, due = self.campaign, at(seconds=8)
        c.mastodon("mexico", self.server)
        c.post("both", "From both, at first.", at=due)
        self.begin()
        del c.accounts["mexico"]
        self.reload()
        sleep_until(due)
        self.eventually(lambda: c.states()["trial/both/-/uk"] == "seen", c)
        time.sleep(0.5)
        self.assert_once(self.server, ["From both, at first."], c)

    def test_a_campaign_is_renamed_with_its_old_name_only(self):
        c = self.campaign
        c.post("hello", "Once, whatever the campaign is called.", standby=True)
        c.post("steady", "Not out yet.", standby=True)
        self.begin()
        self.out("hello")
        c.campaign["id"] = "renamed"
        c.write()
        self.service.reload()
        self.told("was")
        self.assertIsNone(self.service.process.poll())
        self.assertEqual(set(c.states()), {"trial/hello/-/uk", "trial/steady/-/uk"})
        self.assertNotEqual(c.run("plan").returncode, 0)
        c.campaign["was"] = "trial"
        self.reload()
        self.assertEqual(c.states()["renamed/hello/-/uk"], "seen")
        self.out("steady")
        self.assert_once(self.server, ["Once, whatever the campaign is called.", "Not out yet."], c)


if __name__ == "__main__":
    main()

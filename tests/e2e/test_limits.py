"""How fast, how late and how close together: drip, spacing, windows, a server that asks to wait, expiry,
and two equal texts that are two posts."""
import time

from harness import E2E, WIDE, at, main, sleep_until

OVERDUE_AFTER = 60  # seconds after its time from which a post that could not go is overdue


class Limits(E2E):
    def begin(self, **knobs):
        self.server = self.books(**knobs)
        self.campaign = self.campaign_of()
        self.campaign.notify()

    def account(self, **limits):
        return self.campaign.mastodon("uk", self.server, limits=WIDE | limits)

    def serve(self):
        self.campaign.write()
        service = self.campaign.service()
        self.addCleanup(service.kill)
        service.wait_ready()
        return service

    def release(self):
        self.ran(self.campaign, "release", "campaign:trial", "--standby")

    def standby(self, count):
        for n in range(count):
            self.campaign.post(f"p{n}", f"Number {n}.", standby=True)
        return [f"Number {n}." for n in range(count)]

    def all_seen(self, seconds=20):
        self.eventually(lambda: set(self.campaign.states().values()) == {"seen"}, self.campaign, seconds, "not all is out")

    def times(self):
        return sorted(s["time"] for s in self.server.statuses())

    def distances(self, steps=1):
        times = self.times()
        return [b - a for a, b in zip(times, times[steps:])]

    def told(self, words):
        self.eventually(lambda: any(words in n["notice"] for n in self.campaign.notices()), self.campaign,
                        what=f"no notice with '{words}' among {self.campaign.notices()}")

    # ---- one by one

    def test_what_came_due_while_nothing_ran_goes_out_one_by_one_the_oldest_deadline_first(self):
        self.begin()
        self.account(overdue="3s")
        due = at(seconds=5)
        for n in range(3):
            self.campaign.post(f"p{n}", f"Overdue {n}.", at=due, send_by=f"+{3 - n}h")
        service = self.serve()
        self.campaign.post("on-time", "On time.", at=at(seconds=5 + OVERDUE_AFTER + 6))
        self.campaign.write()
        service.reload()
        self.eventually(lambda: self.campaign.state_of("on-time"), self.campaign, 4)
        service.stop()
        sleep_until(due)
        time.sleep(OVERDUE_AFTER + 1.5)
        self.assertEqual(self.server.statuses(), [])
        self.serve()
        self.all_seen()
        made = {s["text"]: s["time"] for s in self.server.statuses()}
        drip = [made[f"Overdue {n}."] for n in (2, 1, 0)]
        self.assertEqual(drip, sorted(drip), "the oldest deadline first")
        self.assertGreater(min(b - a for a, b in zip(drip, drip[1:])), 2.8, "the distance of overdue posts")
        self.assertLess(made["On time."], drip[-1], "what is on time does not wait for what is overdue")
        self.assert_once(self.server, ["Overdue 0.", "Overdue 1.", "Overdue 2.", "On time."], self.campaign)

    def test_posts_of_an_account_keep_their_distance(self):
        self.begin()
        self.account(spacing="1s")
        texts = self.standby(4)
        self.serve()
        self.release()
        self.all_seen()
        self.assertGreater(min(self.distances()), 0.9)
        self.assert_once(self.server, texts, self.campaign)

    def test_no_more_posts_than_the_limit_of_a_window_even_over_a_restart(self):
        self.begin()
        self.account(posts="3/4s")
        texts = self.standby(7)
        service = self.serve()
        self.release()
        self.eventually(lambda: len(self.server.statuses()) >= 3, self.campaign)
        service.stop()
        self.serve()
        self.all_seen()
        self.assertGreater(min(self.distances(3)), 3.8, "a fourth post within the window of three")
        self.assert_once(self.server, texts, self.campaign)

    # ---- a server that asks to wait

    def test_retry_after_is_respected(self):
        self.begin(faults=[{"kind": "refuse_429", "retry_after_s": 3}])
        self.account()
        texts = self.standby(3)
        self.serve()
        self.release()
        self.all_seen()
        asked = min(a["time"] for a in self.server.report()["attempts"])
        self.assertGreater(self.times()[0] - asked, 2.8)
        self.assert_once(self.server, texts, self.campaign)

    def test_the_window_of_the_server_is_waited_for(self):
        self.begin(status_limit=2, status_window_s=3)
        self.account()
        texts = self.standby(5)
        self.serve()
        self.release()
        self.all_seen(30)
        self.assert_once(self.server, texts, self.campaign)
        refused = [a for a in self.server.report()["attempts"] if a["acted"] == 429]
        self.assertLessEqual(len(refused), 4, "the server was asked again and again")

    # ---- too late

    def test_past_its_send_by_it_expires_with_a_notice_and_never_goes(self):
        self.begin()
        self.account()
        due = at(seconds=4)
        self.campaign.post("held", "Held too long.", at=due, send_by="+1s")
        self.campaign.post("slept", "Nobody was there.", at=at(seconds=8), send_by="+1s")
        service = self.serve()
        self.ran(self.campaign, "hold", "held", "--reason", "until it is too late")
        self.eventually(lambda: self.campaign.state_of("held") == "expired", self.campaign)
        self.told("send_by")
        service.stop()
        sleep_until(self.campaign.posts[1]["at"])
        time.sleep(1.2)
        self.ran(self.campaign, "release", "held")
        once = self.ran(self.campaign, "run", "--once", codes=(3,))
        self.assertIn("decision", once.stderr)
        self.assertEqual(set(self.campaign.states().values()), {"expired"})
        self.assertEqual(self.campaign.run("status").returncode, 3)
        self.assertEqual(len([e for e in self.campaign.entries() if "send_by" in (e["notice"] or "")]), 2)
        self.assert_once(self.server, [], self.campaign)

    def test_what_was_past_when_it_was_accepted_is_late_and_waits_for_a_release(self):
        self.begin()
        self.account()
        self.campaign.post("past", "An hour and more ago.", at=at(minutes=-90), send_by="+1h")
        self.campaign.post("recent", "A minute ago.", at=at(minutes=-1))
        self.serve()
        self.told("camp-post release")
        time.sleep(1)
        self.assertEqual(self.server.statuses(), [])
        self.assertEqual(set(self.campaign.states().values()), {"late"})
        self.ran(self.campaign, "release", "past")
        self.eventually(lambda: self.campaign.state_of("past") == "seen", self.campaign)
        self.assertEqual(self.campaign.state_of("recent"), "late")
        self.assert_once(self.server, ["An hour and more ago."], self.campaign)

    # ---- equal texts

    def twins(self, **knobs):
        self.begin(**knobs)
        self.account()
        for name in ("one", "two", "three"):
            self.campaign.post(name, "The same on purpose.", standby=True)
        self.serve()
        self.server.turn(faults=["drop_after_store", "drop_before_store"])
        self.release()
        self.eventually(lambda: self.campaign.part_states() == {"published": 3}, self.campaign, 40)
        made = self.server.statuses()
        self.assertEqual(len(made), 3)
        bound = {row["post"]: row["parts"][0]["remote_id"]
                 for row in self.ran(self.campaign, "status", "--json").json()["deliveries"]}
        self.assertEqual(sorted(bound.values()), sorted(s["id"] for s in made), "one post for each delivery")
        self.all_seen()
        return made, bound

    def test_equal_texts_are_each_there_once_and_bound_one_to_one(self):
        made, bound = self.twins()
        keys = {d["parts"][0]["wire_key"]: d["post"] for d in self.campaign.plan()}
        self.assertEqual({keys[s["key"]]: s["id"] for s in made}, bound)

    def test_without_keys_equal_texts_are_each_there_once_and_bound_one_to_one(self):
        self.twins(keys="ignore")


if __name__ == "__main__":
    main()

"""Each misdeed of a server, one by one: the post is in its books exactly once, or surely not at all
and the ledger says so."""
import time

from harness import E2E, Misbehaving, main

TEXTS = ["Exactly once, whatever the server does.", "The second, on the connection of the first."]

# kind of fault: what else it is told
ONCE = {
    "refuse_429": {"reset_s": 2}, "refuse_503": {}, "500_before_store": {}, "500_after_store": {},
    "drop_before_store": {}, "drop_after_store": {}, "reset_before_store": {}, "reset_after_store": {},
    "cut_headers": {}, "cut_body": {}, "bad_json": {}, "no_id": {}, "wrong_length": {},
    "garbage": {}, "close_silently": {}, "slow": {"ms": 1500}, "422_processing": {},
    # To a post that replies to nothing this says that its key is that of a post since deleted: doubt.
    "404": {},
    "stop_listening_before_store": {"listen_again_ms": 1500},
}
GATEWAYS = [(f"{status}_{when}_store", {"kind": f"500_{when}_store", "status": status})
            for status in (502, 504, 408) for when in ("before", "after")]
KEYLESS = ["500_before_store", "500_after_store", "drop_before_store", "drop_after_store", "reset_after_store",
           "cut_body", "garbage"]
REJECTED = ["410", "422"]


class Faults(E2E):
    """A running service, standby posts, one fault; the posts are released and the dust settles."""

    knobs = {}

    def start(self, faults, posts=1):
        self.server = self.books(**self.knobs)
        c = self.campaign = self.campaign_of()
        self.known = c.mastodon("uk", self.server)
        self.texts = TEXTS[:posts]
        for n, text in enumerate(self.texts):
            c.post(f"p{n}", text, standby=True)
        c.write()
        self.service = c.service()
        self.addCleanup(self.service.kill)
        self.service.wait_ready()
        self.server.turn(faults=faults)
        self.ran(c, "release", "campaign:trial", "--standby")

    def struck(self):
        return [row["kind"] for row in self.server.report()["fired"]]

    def parts(self):
        return dict(self.campaign.part_states())

    def reach(self, state, seconds=20):
        wanted = {state: len(self.texts)}
        self.eventually(lambda: self.parts() == wanted, self.campaign, seconds, f"the posts did not become {state}")

    def reach_shown(self, word):
        self.eventually(lambda: set(self.campaign.states().values()) == {word}, self.campaign, what=f"not {word}")

    def once_after(self, fault, posts=1):
        self.start([fault], posts)
        self.reach("published")
        self.reach_shown("seen")
        self.assertEqual(self.struck(), [fault["kind"]])
        self.assert_once(self.server, self.texts, self.campaign)
        self.assertEqual(self.service.stop(), 0)
        self.assert_once(self.server, self.texts, self.campaign)

    def not_sent_again(self):
        """What was refused, or what nobody saw, does not come a second time."""
        time.sleep(0.7)  # more than the settle time and two reads
        self.assertEqual(len(self.server.report()["attempts"]), 1)
        self.assert_once(self.server, [], self.campaign)

    def rejected_after(self, kind):
        self.start([kind])
        self.reach("rejected")
        self.not_sent_again()

    def held_after(self, fault):
        self.start([fault])
        self.reach_shown("held")
        self.assertEqual(self.parts(), {"planned": 1})
        self.not_sent_again()

    def storm(self):
        """Thirty posts on six accounts, and every third publishing request goes wrong somehow."""
        texts = [f"Number {n} of the storm." for n in range(30)]
        kinds = {k: more for k, more in ONCE.items() if k not in ("stop_listening_before_store", "slow", "422_processing")}
        self.server = self.books("--seed", 7, **self.knobs)
        c = self.campaign = self.campaign_of()
        for n in range(6):
            c.mastodon(f"a{n}", self.server)
        for n, text in enumerate(texts):
            c.post(f"p{n}", text, standby=True, to={"account": f"a{n % 6}"})
        c.write()
        service = c.service()
        self.addCleanup(service.kill)
        service.wait_ready()
        self.server.turn(faults=[{"kind": k, "p": 0.025, "times": None, **more} for k, more in kinds.items()])
        self.ran(c, "release", "campaign:trial", "--standby")
        self.eventually(lambda: self.parts() == {"published": len(texts)}, c, 90, "the storm did not pass")
        self.assertGreater(len(self.struck()), 3, "it was a storm")
        self.assert_once(self.server, texts, c)


class Reuse:
    """What libcurl would send a second time by itself: needs a connection that has served before."""

    def test_acts_on_a_reused_connection_and_drops_it(self):
        self.once_after({"kind": "drop_on_reuse"}, posts=2)

    def test_acts_on_a_reused_connection_drops_it_and_stops_listening_then_listens_again(self):
        self.once_after({"kind": "drop_on_reuse_then_stop_listening", "listen_again_ms": 2000}, posts=2)


class Honoured(Reuse, Faults):
    """A server that honours keys, parallel copies of one excepted."""

    def test_a_lie_is_published_but_never_seen_and_never_sent_again(self):
        self.start(["lie_200"])
        self.reach("published")
        self.not_sent_again()
        self.reach_shown("published")

    def test_a_401_holds_the_account_until_the_credential_is_renewed(self):
        self.held_after({"kind": "401"})
        self.campaign.credential("uk", f"t-{self.known}")  # noticed by itself
        self.reach("published")
        self.assert_once(self.server, self.texts, self.campaign)

    def test_a_missing_scope_holds_the_account(self):
        self.held_after({"kind": "403_scope"})

    def test_a_redirect_is_not_followed_and_holds_the_account(self):
        for status in (301, 302, 307, 308):
            with self.subTest(status), Misbehaving("--script", "fine") as other:
                self.held_after({"kind": "redirect", "status": status, "location": other.url + "/api/v1/statuses"})
                self.service.kill()
                self.assertEqual(other.count()["connections"], 0, "the token stays with its server")

    def test_a_303_is_doubt_and_the_post_is_there_once(self):
        self.once_after({"kind": "redirect", "status": 303, "location": "http://127.0.0.1:1/"})

    def test_a_303_after_the_act_is_doubt_and_the_post_is_there_once(self):
        self.once_after({"kind": "redirect_after_store", "status": 303, "location": "http://127.0.0.1:1/"})

    def test_an_unexplained_word_about_attached_media_never_doubles(self):
        self.start(["422_attached"])
        self.eventually(lambda: self.parts() in ({"published": 1}, {"uncertain": 1}), self.campaign, 30)
        time.sleep(0.7)
        self.assertEqual(len(self.server.statuses()), self.parts().get("published", 0))

    def test_a_server_that_answers_500_to_a_repeated_key_ends_well(self):
        self.knobs = {"replay": "500"}
        self.once_after({"kind": "drop_after_store"})

    def test_a_listing_that_lags_is_waited_for(self):
        self.knobs = {"lag_ms": 150}
        self.once_after({"kind": "drop_after_store"})

    def test_a_listing_that_fails_proves_nothing(self):
        self.start([{"kind": "drop_after_store"}, {"kind": "500_before_store", "on": "list", "times": 2},
                    {"kind": "bad_json", "on": "list"}])
        self.reach("published", 40)
        self.assertIn("drop_after_store", self.struck())
        self.assert_once(self.server, self.texts, self.campaign)

    def test_a_storm_of_faults_leaves_every_post_once(self):
        self.storm()


class Ignored(Reuse, Faults):
    """A server that ignores keys: reading is the only net."""

    knobs = {"keys": "ignore"}

    def test_without_keys_a_listing_that_lags_is_waited_for(self):
        self.knobs = {"keys": "ignore", "lag_ms": 150}
        self.once_after({"kind": "drop_after_store"})

    def test_without_keys_a_storm_of_faults_leaves_every_post_once(self):
        self.storm()


def add(cls, name, method, *args):
    setattr(cls, f"test_{name}", lambda self: getattr(self, method)(*args))


for kind, more in ONCE.items():
    add(Honoured, f"once_after_{kind}", "once_after", {"kind": kind, **more})
for name, fault in GATEWAYS:
    add(Honoured, f"once_after_{name}", "once_after", fault)
for kind in REJECTED:
    add(Honoured, f"rejected_after_{kind}", "rejected_after", kind)
for kind in KEYLESS:
    add(Ignored, f"without_keys_once_after_{kind}", "once_after", {"kind": kind})


if __name__ == "__main__":
    main()

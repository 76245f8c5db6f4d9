"""kill -9 at random moments while 500 posts go to a server that keeps books: every post exactly once.

CAMP_POST_KILLS (200) and CAMP_POST_POSTS (500) set the size, CAMP_POST_SEED the moments. A life of the
service is ended at a moment drawn evenly from the time after its readiness, and one in eight from
the time before it. The next one starts at once. The table says what the ledger, read from outside
after each kill, was caught in.
"""
import os
import random
import time
from collections import Counter

from harness import OUTSTANDING, STATES, E2E, at, main, sleep_until

KILLS = int(os.environ.get("CAMP_POST_KILLS", 200))
POSTS = int(os.environ.get("CAMP_POST_POSTS", 500))
ACCOUNTS = 8
LIFE = 0.35          # seconds after readiness within which a life ends
DELAY = [30, 70]     # milliseconds a publishing request takes; well below the settle time of 200 ms
ENOUGH = 30          # of 200 kills must catch a request in flight


class Killer:
    """Ends service after service, and keeps the count of what it hit."""

    def __init__(self, campaign, seed, startup):
        self.campaign, self.random, self.startup = campaign, random.Random(seed), startup
        self.kills, self.hits, self.parts, self.early = 0, Counter(), Counter(), 0

    def run(self, kills, more):
        """So many kills, or fewer when more() says that nothing is left to be caught."""
        while self.kills < kills and more():
            service = self.campaign.service()
            if self.random.randrange(8) == 0:
                self.early += 1
                time.sleep(self.random.uniform(0, self.startup))
            else:
                service.wait_ready()
                time.sleep(self.random.uniform(0, LIFE))
            self.kill(service)

    def kill(self, service):
        if service.process.poll() is not None:
            raise AssertionError(f"the service ended by itself with {service.process.returncode}\n{service.said()}")
        service.kill()
        self.kills += 1
        caught = self.campaign.part_states()
        self.hits.update(state for state, count in caught.items() if count)
        self.parts.update(caught)

    def table(self, title, seconds):
        rows = [f"\n{title}: {self.kills} kills ({self.early} before readiness) in {seconds:.0f} s",
                f"{'state':<12}{'kills that found it':>21}{'parts found in it':>19}"]
        rows += [f"{state:<12}{self.hits[state]:>21}{self.parts[state]:>19}" for state in STATES if self.hits[state]]
        return "\n".join(rows)


class Kill(E2E):
    def campaign_over(self, seconds):
        """The posts, due one after the other within so many seconds from now, accepted before the first."""
        c = self.campaign = self.campaign_of()
        known = [c.mastodon(f"a{n}", self.server) for n in range(ACCOUNTS)]
        self.first, self.placed = at(seconds=4), {}
        for n in range(POSTS):
            due = at(seconds=4 + n * seconds / POSTS)
            # What is due in one second goes to one account, one after the other: so something is in
            # flight for a good part of each second, and the next second's account overlaps it.
            account = int(due[-2:]) % ACCOUNTS
            self.placed[f"Post {n} of the kill test."] = known[account]
            c.post(f"p{n}", f"Post {n} of the kill test.", at=due, to={"account": f"a{account}"})
        c.write()

    def startup(self):
        """How long a service takes to be ready here."""
        c = self.campaign_of()
        c.mastodon("a0", self.server)
        c.post("waits", "Never sent.", standby=True)
        c.write()
        service = c.service()
        try:
            return service.wait_ready()
        finally:
            service.stop()

    def accept(self):
        """A first life that is spared until everything is in the ledger: what is accepted later than due waits."""
        with self.campaign.service():
            self.eventually(lambda: sum(self.campaign.part_states().values()) == POSTS, self.campaign, 4,
                            "not everything was accepted before the first was due")
            sleep_until(self.first)

    def finish(self):
        """A last life that is spared. What was caught three times before its request could do anything is
        uncertain, and a person is told: here the person looks into the books, and decides."""
        with self.campaign.service():
            self.eventually(lambda: set(self.campaign.part_states()) <= {"published", "uncertain"}, self.campaign, 90,
                            "not everything was published or told")
            self.decide()
            self.eventually(lambda: self.campaign.part_states() == Counter(published=POSTS), self.campaign, 60,
                            "not everything was published")

    def decide(self):
        made = {s["text"]: s["id"] for s in self.server.statuses()}
        for key, state in self.campaign.states().items():
            if state != "uncertain":
                continue
            self.decided += 1
            text = f"Post {key.split('/')[1][1:]} of the kill test."
            how = ["--published", made[text]] if text in made else ["--absent"]
            self.ran(self.campaign, "resolve", key, *how, "--reason", "looked into the books")

    def exactly_once(self, title, **knobs):
        seed = int(os.environ.get("CAMP_POST_SEED") or random.SystemRandom().randrange(1 << 32))
        print(f"\nCAMP_POST_SEED={seed}", flush=True)
        self.server = self.books(delay_ms=DELAY, key_gap_ms=30, **knobs)
        startup = self.startup()
        # Posts come due during all the lives, so that there is always something to catch.
        self.campaign_over(1.4 * KILLS * (startup + LIFE / 2))
        self.accept()
        self.decided = 0
        killer, began = Killer(self.campaign, seed, startup), time.monotonic()
        killer.run(KILLS, self.something_is_left)
        self.finish()
        report = self.server.report()
        print(killer.table(title, time.monotonic() - began))
        print(f"{len(report['statuses'])} posts in the books, {len(report['attempts'])} publishing requests, "
              f"{report['replays']} answered from a key, {self.decided} uncertain ones decided by a person", flush=True)
        self.judge(killer)

    def something_is_left(self):
        return bool(set(self.campaign.part_states()) & OUTSTANDING)

    def judge(self, killer):
        self.assert_once(self.server, self.placed, self.campaign)
        self.assertEqual({s["text"]: s["account"] for s in self.server.statuses()}, self.placed)
        self.assertGreaterEqual(killer.kills, KILLS * 0.9, "the posts were out before the kills were over")
        self.assertGreaterEqual(killer.hits["in_flight"], ENOUGH * KILLS // 200, "too few kills caught a request in flight")
        self.assertLessEqual(set(self.campaign.states().values()), {"published", "seen"})

    def test_every_post_once_where_keys_are_honoured_and_parallel_copies_double(self):
        self.exactly_once("keys honoured")

    def test_every_post_once_where_keys_are_ignored(self):
        self.exactly_once("keys ignored", keys="ignore")


if __name__ == "__main__":
    main()

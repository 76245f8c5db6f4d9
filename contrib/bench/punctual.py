"""How late posts arrive, by the server's clock, beside libcurl with open connections and one timer.

Times of a schedule are whole seconds: so 200 posts at each of five seconds, each to an account of its
own, and then single posts, one a second.
"""
import math
import time

from common import Campaign, Figures, Service, Sink, Trouble, measured, say
from deliveries import text_of, wait_until_done

PATTERNS = (("200 at once, five times", 200, 5), ("one at a time", 1, 10))


def camp_post(bench, sink, at_once, times):
    count, lead_s = at_once * times, 12
    with Campaign(bench) as campaign:
        start = math.ceil(time.time() + lead_s)
        campaign.accounts(sink.url, at_once)
        campaign.posts((f"post-{n}", start + n // at_once, text_of(n, start + n // at_once), f"account-{n % at_once}")
                       for n in range(count))
        sink.reset()
        with Service(campaign) as service:
            if time.time() > start - 3:
                raise Trouble(f"accepting {count} deliveries took {service.ready_s:.1f} s")
            stats = wait_until_done(sink, count, service)
    if stats["keys"] != count or stats["duplicates"]:
        raise Trouble(f"not each delivery exactly once: {stats}")
    return stats["late_us"]


def rawcurl(bench, sink, at_once, times):
    sink.reset()
    measured(bench, [bench.tool("rawcurl"), "-n", at_once * times, "-c", at_once, "-D", 1000 * times, "-q", 1000, sink.url])
    return sink.stats()["late_us"]


def run(bench):
    figures, rounds = Figures("punctual"), bench.rounds or (1 if bench.quick else 3)
    with Sink(bench) as sink:
        for name, at_once, times in PATTERNS:
            ours, floor = [], []
            for _ in range(rounds):
                ours.append(camp_post(bench, sink, at_once, times))
                floor.append(rawcurl(bench, sink, at_once, times))
                say(f"punctual: {name}: camp-post {ours[-1]} rawcurl -D {floor[-1]} (us: least, p50, p90, p99, most)")
            for i, what in ((0, "earliest"), (1, "p50"), (3, "p99"), (4, "latest")):
                figures.add(f"{name}: {what}", "ms after due", [r[i] / 1000 for r in ours], "rawcurl -D",
                            [r[i] / 1000 for r in floor])
            early = sum(r[0] < 0 for r in ours)
            figures.note(f"{name}: {'no post was early' if not early else f'EARLY in {early} of {rounds} rounds'}")
    return figures

"""How fast deliveries leave, and what each costs, beside libcurl without an application.

All are due at one instant, after they were accepted. camp-post makes two requests per delivery: it
publishes the post, then reads it back; so it stands beside `rawcurl` (publishing only) and beside
`rawcurl -g` (publishing and reading).
"""
import json
import math
import os
import subprocess
import time

from common import Campaign, Figures, Service, Sink, Trouble, cpu_seconds, measured, memory_kb, say

ACCOUNTS = 128
BEFORE_S = 0.3  # the service is watched from that long before the due time
AFTER_S = 0.5   # and until that long after its last request: what it read is still to be written down
PATIENCE_S = 60


def text_of(number, due):
    return json.dumps(f"Delivery {number} due={due * 1000} ".ljust(240, "x"))


def wait_until_done(sink, count, service):
    seen, moved = None, time.monotonic()
    while True:
        stats = sink.stats()
        if stats["posts"] >= count and stats["reads"] >= count:
            return stats
        if stats["requests"] != seen:
            seen, moved = stats["requests"], time.monotonic()
        elif time.monotonic() > moved + PATIENCE_S:
            raise Trouble(f"nothing moves: {stats}\n{service.log.read_text()[-1500:]}")
        time.sleep(0.1)


def check(campaign, stats, count):
    states = campaign.states()
    if stats["keys"] != count or stats["duplicates"] or states != {"published": count}:
        raise Trouble(f"not each delivery exactly once: {stats}, ledger {states}, wanted {count}")


def watch(campaign, sink, service, due, count):
    time.sleep(max(0, due - BEFORE_S - time.time()))
    cpu = cpu_seconds(service.pid)
    stats = wait_until_done(sink, count, service)
    time.sleep(AFTER_S)
    taken = cpu_seconds(service.pid) - cpu
    check(campaign, stats, count)
    return figures_of(stats, count) | {"cpu_us": taken * 1e6 / count, "rss_mb": memory_kb(service.pid, "VmHWM") / 1024,
                                       "ready_s": service.ready_s,
                                       "ledger_bytes": campaign.ledger.stat().st_size / count}


def figures_of(stats, count):
    """Rates, by the sink's clock, from the first post on."""
    return {"posts_per_s": count / (stats["last_post_us"] - stats["first_post_us"]) * 1e6,
            "requests_per_s": (stats["posts"] + stats["reads"]) / (stats["last_us"] - stats["first_post_us"]) * 1e6,
            "keys": stats["keys"], "duplicates": stats["duplicates"]}


def camp_post(bench, sink, posts, lead_s):
    """One round; None when it took longer than lead_s to accept."""
    with Campaign(bench) as campaign:
        due = math.ceil(time.time() + lead_s)
        campaign.accounts(sink.url, ACCOUNTS)
        campaign.posts((f"post-{n}", due, text_of(n, due), None) for n in range(posts))
        sink.reset()
        with Service(campaign) as service:
            if time.time() > due - 2:
                return None
            return watch(campaign, sink, service, due, posts * ACCOUNTS)


def rawcurl(bench, sink, count, *arguments):
    sink.reset()
    ended = measured(bench, [bench.tool("rawcurl"), "-n", count, "-c", ACCOUNTS, *arguments, sink.url], output=subprocess.PIPE)
    return figures_of(sink.stats(), count) | {"cpu_us": json.loads(ended["stdout"])["cpu_us"], "rss_mb": ended["rss_kb"] / 1024}


def rounds_of(bench, sink, posts, rounds):
    lead_s, results = 8, {"camp-post": [], "rawcurl": [], "rawcurl -g": []}
    while len(results["camp-post"]) < rounds:
        ours = camp_post(bench, sink, posts, lead_s)
        if not ours:
            lead_s *= 2
            continue
        results["camp-post"].append(ours)
        results["rawcurl"].append(rawcurl(bench, sink, posts * ACCOUNTS))
        results["rawcurl -g"].append(rawcurl(bench, sink, posts * ACCOUNTS, "-g"))
        say("deliveries: " + ", ".join(f"{name} {r[-1]['posts_per_s']:.0f} posts/s {r[-1]['cpu_us']:.1f} us"
                                       for name, r in results.items()))
        lead_s = ours["ready_s"] * 1.5 + 4
    return results


def run(bench, deliveries=None):
    posts = max(1, round((deliveries or (6000 if bench.quick else 20000)) / ACCOUNTS))
    rounds = bench.rounds or (3 if bench.quick else 7)
    figures = Figures("deliveries")
    with Sink(bench) as sink:
        results = rounds_of(bench, sink, posts, rounds)

    def values(who, what):
        return [r[what] for r in results[who]]

    for what, unit, beside in (("posts_per_s", "1/s", "rawcurl"), ("requests_per_s", "1/s", "rawcurl -g"),
                               ("cpu_us", "us per delivery", "rawcurl"), ("cpu_us", "us per delivery", "rawcurl -g"),
                               ("rss_mb", "MB", "rawcurl")):
        name = {"posts_per_s": "publishing requests", "requests_per_s": "requests, with reading back", "cpu_us": "CPU",
                "rss_mb": "peak RSS"}[what]
        figures.add(name, unit, values("camp-post", what), beside, values(beside, what))
    figures.add("ledger", "bytes per delivery", values("camp-post", "ledger_bytes"))
    figures.add("accepting, until ready", "s", values("camp-post", "ready_s"))
    figures.note(f"{posts * ACCOUNTS} deliveries to {ACCOUNTS} accounts of one server, due at one instant; in every round as many "
                 "distinct keys at the sink as deliveries, 0 duplicates, all 'published' in the ledger.")
    steady = values("rawcurl", "posts_per_s")
    if max(steady) / min(steady) > 1.3:
        figures.note(f"unsteady: the fastest round of rawcurl is {max(steady) / min(steady):.2f} times the slowest. Repeat on a "
                     "machine at rest before quoting a ratio.")
    figures.note(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")
    return figures

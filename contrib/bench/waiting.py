"""What it costs to wait: an idle service, one with many deliveries pending, and its restart."""
import subprocess
import time

from common import Campaign, Figures, Service, Sink, cpu_seconds, measured, memory_kb, say, wake_ups
from deliveries import text_of

SETTLE_S = 5  # who we are is asked and answered by then
PENDING_ACCOUNTS = 10


class Loop:
    """The least a waiting process can cost, with the face of a service."""

    def __init__(self, bench):
        self.process = subprocess.Popen([bench.tool("idleloop")])
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def watch_both(pids, seconds):
    """[(wake-ups, CPU us, RSS MB)], over the same time."""
    before = [(wake_ups(pid), cpu_seconds(pid)) for pid in pids]
    time.sleep(seconds)
    return [(wake_ups(pid) - woken, (cpu_seconds(pid) - cpu) * 1e6, memory_kb(pid) / 1024)
            for pid, (woken, cpu) in zip(pids, before)]


def idle(bench):
    figures, seconds = Figures("idle"), 15 if bench.quick else 60
    with Sink(bench) as sink, Campaign(bench) as campaign:
        due = int(time.time()) + 3600
        campaign.accounts(sink.url, 1)
        campaign.posts([("post", due, text_of(1, due), None)])
        with Service(campaign) as service, Loop(bench) as loop:
            time.sleep(SETTLE_S)
            ours, floor = watch_both((service.pid, loop.pid), seconds)
    for i, (name, unit) in enumerate((("wake-ups", f"in {seconds} s"), ("CPU", f"us in {seconds} s"), ("RSS", "MB"))):
        figures.add(f"{name}, next post in an hour", unit, [ours[i]], "a bare loop", [floor[i]])
    return figures


def pending(bench):
    figures, count = Figures("pending"), 10000 if bench.quick else 100000
    rounds = bench.rounds or 3
    with Sink(bench) as sink, Campaign(bench) as campaign:
        start = int(time.time()) + 86400
        campaign.accounts(sink.url, PENDING_ACCOUNTS)
        campaign.posts((f"post-{n}", start + 60 * n, text_of(n, start), None) for n in range(count // PENDING_ACCOUNTS))
        with Service(campaign) as service:
            accepted = service.ready_s, cpu_seconds(service.pid), memory_kb(service.pid, "VmHWM") / 1024
        restarts, floors = [], []
        for _ in range(rounds):
            with Service(campaign) as service:
                ready = service.ready_s, cpu_seconds(service.pid)
                time.sleep(SETTLE_S)
                restarts.append(ready + (memory_kb(service.pid) / 1024, memory_kb(service.pid, "VmHWM") / 1024))
            floors.append(measured(bench, [bench.tool("rawcurl"), "-n", 1, sink.url]))
        size = campaign.ledger.stat().st_size / count
    say(f"pending: accepted in {accepted[0]:.2f} s, restarted in {restarts[-1][0]:.2f} s, {restarts[-1][2]:.0f} MB")
    figures.add(f"accepting {count} deliveries, until ready", "s wall", [accepted[0]])
    figures.add("the same", "s CPU", [accepted[1]])
    figures.add("the same", "MB peak RSS", [accepted[2]])
    figures.add(f"restart with {count} pending, until ready", "s wall", [r[0] for r in restarts], "start of rawcurl -n 1",
                [f["wall_s"] for f in floors])
    figures.add("the same", "s CPU", [r[1] for r in restarts], "start of rawcurl -n 1", [f["cpu_s"] for f in floors])
    figures.add("RSS while they wait", "MB", [r[2] for r in restarts])
    figures.add("peak RSS of a restart", "MB", [r[3] for r in restarts])
    figures.add("ledger", "bytes per delivery", [size])
    return figures

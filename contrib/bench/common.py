"""What the benchmarks share: the programs, a campaign in a folder, the sink, the service, and how
time, CPU and memory of a process are read. Linux only."""
import http.client
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Limits out of the way: what is measured is the program, not what it is asked to keep to.
WIDE = "{posts: 1000000/1h, spacing: 0s, overdue: 1s, settle: 200ms}"


class Trouble(Exception):
    """A benchmark that can't say anything, and why."""


class Bench:
    """Where the programs are, and how much is asked of them."""

    def __init__(self, build, program=None, folder=None, quick=False, rounds=None):
        self.build = Path(build).resolve()
        self.program = str(Path(program).resolve() if program else self.build / "bin" / "camp-post")
        self.quick, self.rounds = quick, rounds
        # On the file system of the build, not in a /tmp that may be memory: a ledger is synced to disk.
        self.folder = Path(folder or self.build).resolve()
        for path in (self.program, self.tool("sink"), self.tool("rawcurl")):
            if not os.access(path, os.X_OK):
                raise Trouble(f"'{path}' is not there: build with -DCMAKE_BUILD_TYPE=Release -DCAMP_POST_BENCH=ON")

    def tool(self, name):
        return str(self.build / "bench" / name)

    def environment(self, **more):
        keep = {k: os.environ[k] for k in ("PATH", "LD_LIBRARY_PATH") if k in os.environ}
        return keep | {"CAMP_POST_PLUGINS": str(self.build / "plugins"), "TZ": "UTC", "LC_ALL": "C.UTF-8",
                       "NO_COLOR": "1"} | more


# ---- processes

def cpu_seconds(pid):
    """User and system time of a living process, all its threads; see clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def memory_kb(pid, member="VmRSS"):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(member + ":"):
            return int(line.split()[1])
    raise Trouble(f"/proc has no {member}")


def wake_ups(pid):
    """How often threads of the process went to sleep by themselves so far: each time they had been woken."""
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                count += int(line.split()[1])
    return count


def measured(bench, command, folder=None, output=subprocess.DEVNULL):
    """Runs a command: {"wall_s", "cpu_s", "rss_kb", "code"}, and what it wrote when output is PIPE."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        ended = subprocess.run([bench.tool("measure"), out.name, *map(str, command)], cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=output, stderr=subprocess.PIPE, text=True, env=bench.environment())
        took = json.load(open(out.name)) if ended.returncode == 0 else {"code": ended.returncode}
    if took["code"] != 0:
        raise Trouble(f"`{' '.join(map(str, command))}` ended with {took['code']}: {ended.stderr[-1000:]}")
    return took | {"stdout": ended.stdout}


# ---- the sink

class Sink:
    def __init__(self, bench, *arguments):
        self.process = subprocess.Popen([bench.tool("sink"), *arguments], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def get(self, path):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        client.request("GET", path, headers={"Connection": "close"})
        answer = json.loads(client.getresponse().read())
        client.close()
        return answer

    def stats(self):
        return self.get("/__stats")

    def reset(self):
        self.get("/__reset")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


# ---- campaigns

def local(seconds):
    """A local time of a schedule in the zone UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


class Campaign:
    """A folder with camp-post.yaml, schedule/ and credentials/; gone at the end of `with`."""

    def __init__(self, bench):
        self.bench = bench
        self.folder = Path(tempfile.mkdtemp(prefix="camp-", dir=bench.folder))
        (self.folder / "credentials").mkdir(mode=0o700)
        (self.folder / "schedule").mkdir()
        self.schedule = self.folder / "schedule" / "campaign.yaml"
        self.ledger = self.folder / "state" / "ledger.db"

    def accounts(self, server, count, languages="[en]"):
        """The accounts account-0 and so on, each another one to the sink."""
        lines = ["schedules: [schedule]", "state: state", "credentials: credentials", "accounts:"]
        for number in range(count):
            name = f"account-{number}"
            lines.append(f"  {name}: {{adapter: mastodon, server: {quoted(server)}, languages: {languages}, "
                         f"credential: {name}, limits: {WIDE}}}")
            path = self.folder / "credentials" / f"{name}.json"
            path.touch(mode=0o600)
            path.write_text(json.dumps({"access_token": f"0123456789abcdefghijklmnopqrstuv-{number + 1}"}))
        (self.folder / "camp-post.yaml").write_text("\n".join(lines) + "\n")

    def posts(self, posts, languages="[en]"):
        """posts: (id, seconds since the epoch, text as YAML, account or None for all)."""
        with open(self.schedule, "w") as out:
            out.write(f"campaign: {{id: bench, title: Benchmark, zone: UTC, languages: {languages}}}\nposts:\n")
            for name, when, text, account in posts:
                out.write(f"  - id: {name}\n    at: {local(when)}\n    text: {text}\n")
                if account:
                    out.write(f"    to: {{account: {account}}}\n")

    def command(self, *arguments):
        return [self.bench.program, "--config", "camp-post.yaml", *map(str, arguments)]

    def states(self):
        """{state: parts} of the ledger."""
        ledger = sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, timeout=10)
        rows = dict(ledger.execute("SELECT state, count(*) FROM part GROUP BY state").fetchall())
        ledger.close()
        return rows

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


class Service:
    """`camp-post run`; `with` waits until it is ready and ends it kindly."""

    def __init__(self, campaign):
        self.log = campaign.folder / "service.log"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = campaign.folder / "notify"
        path.unlink(missing_ok=True)
        self.socket.bind(str(path))
        self.socket.settimeout(0.01)
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(campaign.command("run"), cwd=campaign.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=campaign.bench.environment(NOTIFY_SOCKET=str(path)))
        self.pid = self.process.pid

    def wait_ready(self, seconds=600):
        while time.monotonic() < self.started + seconds:
            try:
                if b"READY=1" in self.socket.recv(4096):
                    return time.monotonic() - self.started
            except TimeoutError:
                pass
            if self.process.poll() is not None:
                raise Trouble(f"the service ended with {self.process.returncode}: {self.log.read_text()[-1500:]}")
        raise Trouble(f"the service was not ready after {seconds} s")

    def __enter__(self):
        self.ready_s = self.wait_ready()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.socket.close()


# ---- figures

class Figures:
    """Rows of the one table: what was measured, of camp-post and of the baseline beside it."""

    def __init__(self, bench):
        self.bench, self.rows, self.notes = bench, [], []

    def add(self, name, unit, ours, baseline=None, base=None):
        """ours, base: one value per round. The ratio is taken round by round."""
        ratios = [a / b for a, b in zip(ours, base)] if base and all(base) else None
        self.rows.append({"benchmark": self.bench, "figure": name, "unit": unit, "camp_post": spread(ours),
                          "baseline": baseline, "of_baseline": spread(base) if base else None,
                          "ratio": spread(ratios) if ratios else None})

    def note(self, text):
        self.notes.append(text)


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def number(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def shown(spread_, always_range=False):
    if not spread_:
        return "-"
    text = number(spread_["median"])
    if spread_["rounds"] > 1 or always_range:
        text += f" ({number(spread_['min'])} to {number(spread_['max'])})"
    return text


def table(all_figures):
    lines = ["| Benchmark | Figure | camp-post | Baseline | | Ratio |", "| --- | --- | --- | --- | --- | --- |"]
    for figures in all_figures:
        for row in figures.rows:
            lines.append(f"| {row['benchmark']} | {row['figure']}, {row['unit']} | {shown(row['camp_post'])} | "
                         f"{shown(row['of_baseline'])} | {row['baseline'] or ''} | {shown(row['ratio'])} |")
    for figures in all_figures:
        for text in figures.notes:
            lines.append(f"\n{figures.bench}: {text}")
    return "\n".join(lines)


def say(text):
    print(text, file=sys.stderr, flush=True)

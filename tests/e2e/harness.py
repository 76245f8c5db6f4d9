"""What the end-to-end tests share: a campaign in a folder of its own, the program run in it, the
service with its readiness, the ledger read from outside, and what must be true afterwards.

The program is $CAMP_POST, else $CAMP_POST_DEFAULT (the build's own); without either nothing runs.
Files are written as JSON, which is YAML too and goes through the same reader.
"""
import html
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))
from fixture import Books, Client, Misbehaving, wait_until  # noqa: E402,F401 (for the tests)

# In the order in which src/model names them; the ledger keeps the words.
STATES = ["planned", "in_flight", "verify", "uncertain", "published", "rejected", "expired", "cancelled"]
# Root may write everywhere; what is about rights is tried as somebody else. None: we are somebody else.
NOBODY = 65534 if os.getuid() == 0 else None
OUTSTANDING = {"planned", "in_flight", "verify"}
# Limits out of the way, and a settle time for servers of known lag.
WIDE = {"posts": "100000/1h", "spacing": "0s", "overdue": "1s", "settle": "200ms"}


def program():
    path = os.environ.get("CAMP_POST") or os.environ.get("CAMP_POST_DEFAULT")
    if not path:
        sys.exit("which program? set CAMP_POST to the path of camp-post")
    return os.path.abspath(path)  # it is run in folders of its own


def now():
    return datetime.now(timezone.utc)


def at(seconds=0, minutes=0):
    """A local time of a schedule in the zone UTC, that far from now; whole seconds, rounded up."""
    when = now() + timedelta(seconds=seconds, minutes=minutes)
    if when.microsecond:
        when = when.replace(microsecond=0) + timedelta(seconds=1)
    return when.strftime("%Y-%m-%d %H:%M:%S")


def sleep_until(local):
    """local: as at() gives it."""
    due = datetime.strptime(local, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    time.sleep(max(0.0, (due - now()).total_seconds()))


class Result:
    """How a command ended."""

    def __init__(self, args, returncode, stdout, stderr):
        self.args, self.returncode, self.stdout, self.stderr = args, returncode, stdout, stderr

    def json(self):
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise AssertionError(f"no JSON from {self}") from None

    def __str__(self):
        return (f"`camp-post {' '.join(self.args)}` (exit {self.returncode})\n--- stdout\n{self.stdout[-4000:]}"
                f"\n--- stderr\n{self.stderr[-4000:]}")


class Campaign:
    """A folder with camp-post.yaml, schedule/, credentials/, state/ and public/."""

    def __init__(self, zone="UTC", languages=("en",), **campaign):
        # Short, since the sockets in it have names of at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="camp-"))
        self.campaign = {"id": "trial", "title": "A trial", "zone": zone, "languages": list(languages)} | campaign
        self.accounts, self.posts, self.events, self.config = {}, [], {}, {}
        self.secrets, self.services, self.said = set(), [], []
        self.program, self.variables = program(), {}
        self.state = self.folder / "state"

    # ---- what is wanted

    def feed(self, name, languages=("en",), **settings):
        self.accounts[name] = {"adapter": "feed", "directory": f"public/{name}", "languages": list(languages)} | settings
        return self.folder / "public" / name

    def mastodon(self, name, server, languages=("en",), **settings):
        """An account on a server of books; returns the name that the server knows it by."""
        known = f"{name.replace('-', '')}{secrets.token_hex(3)}"  # random, so that its token is found wherever it leaks
        self.accounts[name] = {"adapter": "mastodon", "server": server.url, "languages": list(languages),
                               "credential": name, "limits": dict(WIDE)} | settings
        self.credential(name, f"t-{known}")
        return known

    def credential(self, name, token):
        folder = self.folder / "credentials"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.secrets.add(token)
        path = folder / f".{name}.new"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"access_token": token}))
        path.rename(folder / f"{name}.json")

    def post(self, name, text="", **fields):
        self.posts.append({"id": name} | ({"text": text} if text else {}) | fields)

    def file(self, name, data):
        path = self.folder / "schedule" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def write(self):
        schedule = {"campaign": self.campaign} | ({"events": self.events} if self.events else {}) | {"posts": self.posts}
        config = {"schedules": ["schedule"], "state": "state", "credentials": "credentials",
                  "accounts": self.accounts} | self.config
        self.file("campaign.yaml", json.dumps(schedule, ensure_ascii=False, indent=1).encode())
        (self.folder / "camp-post.yaml").write_text(json.dumps(config, ensure_ascii=False, indent=1))

    # ---- the program

    def environment(self, **more):
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "CAMP_POST_PLUGINS", "LD_LIBRARY_PATH", "TMPDIR")
                or k.endswith("SAN_OPTIONS")}
        return keep | {"HOME": str(self.folder), "TZ": "UTC", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"} | self.variables | more

    def for_anybody(self):
        """A copy of the program that every user may read: a build may lie in somebody's home."""
        shutil.copy(self.program, self.folder / "camp-post")
        plugins = os.environ.get("CAMP_POST_PLUGINS", Path(self.program).parent.parent / "plugins")
        (self.folder / "plugins").mkdir()
        for adapter in Path(plugins).glob("*.so"):
            shutil.copy(adapter, self.folder / "plugins")
        self.program, self.variables = str(self.folder / "camp-post"), {"CAMP_POST_PLUGINS": str(self.folder / "plugins")}

    def command(self, *args):
        return [self.program, "--config", "camp-post.yaml", *map(str, args)]

    def run(self, *args, stdin=None, timeout=60, user=None, **environment):
        """Runs one command to its end."""
        ended = subprocess.run(self.command(*args), cwd=self.folder, env=self.environment(**environment), timeout=timeout,
                               input=stdin or "", capture_output=True, text=True, errors="replace", user=user)
        result = Result([str(a) for a in args], ended.returncode, ended.stdout, ended.stderr)
        self.said.append(result.stdout + result.stderr)
        return result

    def plan(self):
        return self.run("--dry-run", "--json").json()["deliveries"]

    def status(self):
        """{delivery's key: its row} of `status --json`."""
        return {row["key"]: row for row in self.run("status", "--json").json()["deliveries"]}

    def states(self):
        return {key: row["state"] for key, row in self.status().items()}

    def state_of(self, post):
        """The state of a post that has one delivery."""
        return next((s for key, s in self.states().items() if key.split("/")[1] == post), None)

    def log(self):
        return self.run("log").stdout

    def entries(self, kind=None):
        """The ledger's entries as `log --json` gives them: one line each."""
        rows = [json.loads(line) for line in self.run("log", "--json").stdout.splitlines()]
        return [row for row in rows if kind in (None, row["kind"])]

    def notify(self, script="cat"):
        """Has notices written to a file; script: of a shell that finds the notice on its standard input."""
        path = self.folder / "notices.jsonl"
        self.config["notify"] = [{"command": ["/bin/sh", "-c", f"({script}) >> '{path}' && echo >> '{path}'"]}]

    def notices(self):
        """What arrived there."""
        lines = content(self.folder / "notices.jsonl").decode().splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def service(self, *args, user=None, **environment):
        return Service(self, *args, user=user, **environment)

    def part_states(self):
        """How many parts the ledger has in each state; read from outside, read-only."""
        return read_part_states(self.state / "ledger.db")

    # ---- the end

    def tail(self):
        """What the services said last, for the message of a failed test."""
        return "\n".join(f"--- {s.log.name}\n{s.said()[-3000:]}" for s in self.services[-2:])

    def leaks(self):
        """Places outside credentials/ where a token stands."""
        found = [f"output of a command: {token}" for said in self.said for token in self.secrets if token in said]
        for path in self.folder.rglob("*"):
            if path.parent.name != "credentials" and (data := content(path)):
                found += [f"{path.relative_to(self.folder)}: {token}" for token in self.secrets if token.encode() in data]
        return found

    def remove(self):
        for service in self.services:
            service.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def content(path):
    """The bytes of a file; nothing when it is none, or has gone meanwhile."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def read_part_states(path):
    if not path.exists():
        return Counter()
    ledger = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        rows = ledger.execute("SELECT state, count(*) FROM part GROUP BY state").fetchall()
    except sqlite3.OperationalError as wrong:
        if "no such table" in str(wrong):  # killed before it was made
            return Counter()
        raise
    finally:
        ledger.close()
    return Counter(dict(rows))


class Service:
    """`camp-post run`, from its start to its end. `with` stops it, kindly."""

    def __init__(self, campaign, *args, user=None, **environment):
        self.campaign, number = campaign, len(campaign.services)
        self.log = campaign.folder / f"service-{number}.log"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify = str(campaign.folder / f"n{number}")
        self.socket.bind(self.notify)
        if user is not None:
            os.chmod(self.notify, 0o666)
        self.socket.settimeout(0.02)
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(campaign.command("run", *args), cwd=campaign.folder, user=user,
                                            env=campaign.environment(NOTIFY_SOCKET=self.notify, **environment),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        campaign.services.append(self)

    def said(self):
        return self.log.read_text(errors="replace")

    def wait_ready(self, seconds=15):
        """How long it took to say READY=1."""
        while time.monotonic() < self.started + seconds:
            try:
                if "READY=1" in self.socket.recv(4096).decode().split("\n"):
                    return time.monotonic() - self.started
            except TimeoutError:
                pass
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended with {self.process.returncode} before it was ready\n{self.said()}")
        raise AssertionError(f"the service was not ready after {seconds} s\n{self.said()}")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=15):
        """SIGTERM; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(seconds)
        self.close()
        return code

    def kill(self):
        """kill -9."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.close()

    def close(self):
        self.socket.close()
        Path(self.notify).unlink(missing_ok=True)

    def __enter__(self):
        self.wait_ready()
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.kill()
        else:
            self.stop()


class E2E(unittest.TestCase):
    """A test case with campaigns and servers that are gone when it ends."""

    maxDiff = None

    def campaign_of(self, **more):
        campaign = Campaign(**more)
        self.addCleanup(campaign.remove)
        self.addCleanup(self.assert_no_leak, campaign)
        return campaign

    def books(self, *arguments, **knobs):
        server = Books(*arguments, **knobs)
        self.addCleanup(server.stop)
        return server

    def ran(self, campaign, *args, codes=(0,), **more):
        """Runs a command that must end with one of these codes."""
        result = campaign.run(*args, **more)
        self.assertIn(result.returncode, codes, str(result))
        return result

    def eventually(self, predicate, campaign, seconds=15, what="it did not come to pass"):
        value = wait_until(predicate, seconds)
        if not value:
            self.fail(f"{what} within {seconds} s\nstates: {campaign.part_states()}\n{campaign.tail()}")
        return value

    def assert_once(self, server, texts, campaign):
        """The server's own books: each of these texts exactly once, and nothing else."""
        made = Counter(s["text"] for s in server.statuses())
        wrong = {text: made[text] for text in set(made) | set(texts) if made[text] != (text in set(texts))}
        self.assertEqual(wrong, {}, "posts that are not there exactly once (text: how often)\n"
                         + json.dumps([a for a in server.report()["attempts"] if a["text"] in wrong], indent=1)[:4000]
                         + campaign.tail())

    def assert_no_leak(self, campaign):
        self.assertEqual(campaign.leaks(), [], "a token stands where it must not")


class OneAccount(E2E):
    """One account on a server of books, and standby posts that wait for their release."""

    def begin(self, count=1, **knobs):
        self.server = self.books(**knobs)
        c = self.campaign = self.campaign_of()
        c.mastodon("uk", self.server)
        self.texts = [f"Text {n}." for n in range(count)]
        for n, text in enumerate(self.texts):
            c.post(f"p{n}", text, standby=True)
        c.write()
        return c

    def serve(self, *args, **environment):
        service = self.campaign.service(*args, **environment)
        self.addCleanup(service.kill)
        service.wait_ready()
        return service

    def accepted(self):
        self.ran(self.campaign, "run", "--once", codes=(0, 3))
        return self.campaign.state / "ledger.db"

    def seen(self):
        self.eventually(lambda: set(self.campaign.states().values()) == {"seen"}, self.campaign)
        self.assert_once(self.server, self.texts, self.campaign)

    def refused(self, *words, commands=(("run", "--once"),), codes=(4,)):
        """Each command says these words and ends with that code."""
        for command in commands:
            said = self.ran(self.campaign, *command, codes=codes).stderr
            for word in words:
                self.assertRegex(said, word)
        self.assertEqual(self.server.statuses(), [])


def plain(markup):
    """HTML as text: breaks are blanks, tags go, entities are decoded, white space is one blank."""
    text = re.sub(r"<br\s*/?>|</p>|</div>|</li>", " ", markup, flags=re.I)
    return blank(html.unescape(re.sub(r"<[^>]*>", "", text)))


def blank(text):
    return " ".join(text.split())


def main():
    program()
    unittest.main(verbosity=2)

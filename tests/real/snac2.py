"""A snac2 server for a test, with what a person does in its pages and what its API shows."""
import json
import re
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Snac:
    """Started from its own Debian folder; skipped where this machine cannot have it."""

    def __init__(self, suite="sid"):
        self.folder = tempfile.TemporaryDirectory(prefix="snac-")
        started = subprocess.run([str(HERE / "snac2-start"), str(free_port()), self.folder.name, suite],
                                 capture_output=True, text=True, timeout=800)
        if started.returncode == 77:
            raise unittest.SkipTest(started.stderr.strip())
        if started.returncode != 0:
            raise AssertionError(f"snac2 did not start: {started.stderr}")
        self.facts = json.loads(started.stdout)
        self.base = self.facts["base_url"]

    def stop(self):
        subprocess.run(["kill", str(self.facts["pid"])], check=False)
        for _ in range(100):
            if subprocess.run(["kill", "-0", str(self.facts["pid"])], capture_output=True).returncode:
                break
            time.sleep(0.1)
        self.folder.cleanup()

    def get(self, path):
        request = urllib.request.Request(self.base + path,
                                         headers={"Authorization": "Bearer " + self.facts["access_token"]})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def statuses(self):
        """The account's own posts, oldest first, each once."""
        me = self.get("/api/v1/accounts/verify_credentials")["id"]
        found = self.get(f"/api/v1/accounts/{me}/statuses?limit=40")
        return sorted({s["id"]: s for s in found}.values(), key=lambda s: s["created_at"])

    def allow(self, address):
        """Opens the address, logs in and allows the program, as a person would; returns the code that is shown."""
        with urllib.request.urlopen(address, timeout=10) as answer:
            page = answer.read().decode()
        action = re.search(r'<form[^>]*action="([^"]+)"', page).group(1)
        fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
        fields |= {"login": self.facts["user"], "passwd": self.facts["password"]}
        data = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(urllib.parse.urljoin(self.base, action), data, timeout=10) as answer:
            return answer.read().decode().strip()

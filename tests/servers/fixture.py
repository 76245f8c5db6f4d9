"""Starting the servers of this folder, and ending them, by their process ids."""
import json
import select
import subprocess
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"


def ready_line(process, seconds):
    """The first line that the process prints."""
    if not select.select([process.stdout], [], [], seconds)[0]:
        raise TimeoutError(f"not ready after {seconds} s: {process.args}")
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"ended before it was ready, with {process.wait(5)}: {process.args}")
    return json.loads(line)


class Running:
    """A server of this folder. Ends with the `with` block, or with stop()."""

    program = None

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PYTHON, "-B", str(HERE / self.program), *map(str, arguments)],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        try:
            facts = ready_line(self.process, 10)
        except BaseException:
            self.stop()
            raise
        self.port, self.control_port = facts["port"], facts["control_port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def control(self, method, path, value=None):
        connection = HTTPConnection("127.0.0.1", self.control_port, timeout=10)
        try:
            connection.request(method, path, None if value is None else json.dumps(value),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            if answer.status != 200:
                raise ValueError(body.get("error"))
            return body
        finally:
            connection.close()


class Books(Running):
    """mastodon.py: a server with the Mastodon API that keeps books."""

    program = "mastodon.py"

    def __init__(self, *arguments, **knobs):
        """knobs: as POST /__knobs takes them, `faults` included."""
        super().__init__(*arguments, "--knobs", json.dumps(knobs))

    def turn(self, **knobs):
        return self.control("POST", "/__knobs", knobs)

    def report(self):
        return self.control("GET", "/__books")

    def statuses(self):
        """Every post that was made, doubles included, in the order of the acts."""
        return self.report()["statuses"]

    def requests(self):
        return self.control("GET", "/__requests")


class Misbehaving(Running):
    """misbehave.py: one script per misdeed."""

    program = "misbehave.py"

    def count(self):
        return self.control("GET", "/")


class Client:
    """A plain client of one server, over one kept-alive connection."""

    def __init__(self, port, token=None, timeout=10):
        self.connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method, path, value=None, body=None, **headers):
        """(status, decoded JSON or text, headers)"""
        headers = {name.replace("_", "-"): text for name, text in headers.items()} | self.headers
        if value is not None:
            body, headers["Content-Type"] = json.dumps(value), "application/json"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode("utf-8")
        try:
            return answer.status, json.loads(text), answer.headers
        except ValueError:
            return answer.status, text, answer.headers

    def post(self, text, key=None, **more):
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", "/api/v1/statuses", {"status": text, **more}, **headers)

    def upload(self, data, kind="image/png", description=""):
        mark = "xxBOUNDARYxx"
        body = (f'--{mark}\r\nContent-Disposition: form-data; name="description"\r\n\r\n{description}\r\n'
                f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: {kind}\r\n\r\n'
                ).encode() + data + f"\r\n--{mark}--\r\n".encode()
        return self.call("POST", "/api/v2/media", body=body, Content_Type=f"multipart/form-data; boundary={mark}")

    def close(self):
        self.connection.close()


LOST = (HTTPException, OSError)  # what a client sees of a connection that was dropped


def wait_until(predicate, seconds=10, every=0.02):
    """The first true value of predicate(), or its last false one when the time is over."""
    end = time.monotonic() + seconds
    while not (value := predicate()) and time.monotonic() < end:
        time.sleep(every)
    return value

#!/usr/bin/python3
"""A raw TCP server with one script per misdeed, for whatever speaks HTTP to it.

    misbehave.py [--port N] [--script NAME] [--refuse]

The first word of the path chooses the script (`/cut-body/anything`), unless --script names one for
all. --refuse binds the port and does not listen: connecting is refused. One line of JSON when
ready: {"pid", "port", "control_port"}. GET http://127.0.0.1:control_port/ answers
{"connections", "complete", "by_script"}: how many connections came, how many requests were
received whole (head and body), and how many of each script.
"""
import argparse
import copy
import gzip
import socket
import threading
import time

from http1 import Answer, Closed, Connection, Server, announce, wait_for_the_end

GOOD = b'{"id":"1","content":"<p>fine</p>"}'
MIB = 1024 * 1024


def head(status="200 OK", length=len(GOOD), *lines):
    lines = ("Content-Type: application/json", *lines) + ((f"Content-Length: {length}",) if length is not None else ())
    return f"HTTP/1.1 {status}\r\n".encode() + "".join(line + "\r\n" for line in lines).encode() + b"\r\n"


def silence(c, _):
    """Accepts and never answers."""
    time.sleep(3600)


def cut_in_status(c, _):
    c.send(b"HTTP/1.1 20")
    c.drop()


def cut_after_headers(c, _):
    c.send(head())
    c.drop()


def cut_body(c, _):
    c.send(head() + GOOD[:len(GOOD) // 2])
    c.drop()


def drop(c, _):
    c.drop()


def reset(c, _):
    c.reset()


def reset_in_body(c, _):
    c.send(head() + GOOD[:5])
    time.sleep(0.05)  # so that what was sent is read before the reset throws it away
    c.reset()


def too_long(c, _):
    """Announces more than it has."""
    c.send(head(length=len(GOOD) + 100) + GOOD)
    c.drop()


def too_short(c, _):
    """Announces less than it sends."""
    c.send(head(length=len(GOOD) - 10) + GOOD)
    c.drop()


def two_lengths(c, _):
    c.send(head("200 OK", len(GOOD), "Content-Length: 3") + GOOD)
    c.drop()


def bad_chunk(c, _):
    c.send(head("200 OK", None, "Transfer-Encoding: chunked") + b"5\r\n" + GOOD[:5] + b"\r\nzz\r\n" + GOOD[5:])
    c.drop()


def open_chunks(c, _):
    """Chunks without the last one."""
    c.send(head("200 OK", None, "Transfer-Encoding: chunked") + b"%x\r\n" % len(GOOD) + GOOD + b"\r\n")
    c.drop()


def bad_gzip(c, _):
    body = gzip.compress(GOOD)[:-12] + b"\0" * 12
    c.send(head("200 OK", len(body), "Content-Encoding: gzip") + body)
    c.drop()


def gzip_bomb(c, _):
    body = gzip.compress(b"\0" * (64 * MIB))
    c.send(head("200 OK", len(body), "Content-Encoding: gzip") + body)
    c.drop()


def bad_json(c, _):
    c.send(head(length=len(GOOD) - 1) + GOOD[:-1])
    c.drop()


def not_utf8(c, _):
    body = b'{"id":"\xff\xfe\x00"}'
    c.send(head(length=len(body)) + body)
    c.drop()


def deep_json(c, _):
    body = b"[" * 200000
    c.send(head(length=len(body)) + body)
    c.drop()


def garbage(c, _):
    c.send(b"\x16\x03\x01\x02\x00 hello\r\n" + head() + GOOD)
    c.drop()


def huge(c, _):
    """A body of 1 GiB."""
    c.send(head(length=1024 * MIB))
    block = b" " * MIB
    for _ in range(1024):
        c.send(block)
    c.drop()


def trickle(c, _):
    """One byte a second."""
    for byte in head() + GOOD:
        c.send(bytes([byte]))
        time.sleep(1)
    c.drop()


def redirect_loop(c, target):
    c.send(head("302 Found", 0, f"Location: {target}"))


def header_flood(c, _):
    c.send(b"HTTP/1.1 200 OK\r\n")
    for n in range(100000):
        c.send(f"X-Flood-{n}: {'x' * 100}\r\n".encode())
    c.send(b"Content-Length: 0\r\n\r\n")
    c.drop()


def long_header(c, _):
    c.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * (8 * MIB) + b"\r\nContent-Length: 0\r\n\r\n")
    c.drop()


def continue_flood(c, _):
    for _ in range(100000):
        c.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    c.send(head() + GOOD)
    c.drop()


def early_answer(c, _):
    """Chosen before the body is read: see Misbehave.serve."""
    c.send(head("413 Content Too Large", 0))
    c.drop()


def fine(c, _):
    c.send(head() + GOOD)


SCRIPTS = {name.replace("_", "-"): script for name, script in list(globals().items())
           if callable(script) and getattr(script, "__module__", "") == __name__ and name != "head"}


class Misbehave:
    def __init__(self, script=None):
        self.script, self.lock = script, threading.Lock()
        self.count = {"connections": 0, "complete": 0, "by_script": {}}

    def serve(self, sock):
        connection = Connection(sock)
        with self.lock:
            self.count["connections"] += 1
        try:
            if self.script == "early-answer":
                sock.recv(1)
                early_answer(connection, "")
            while True:
                self.one(connection, connection.read_request())
                connection.served += 1
        except Closed:
            pass
        finally:
            connection.close()

    def one(self, connection, request):
        name = self.script or request.path.strip("/").split("/")[0]
        with self.lock:
            self.count["complete"] += 1
            self.count["by_script"][name] = self.count["by_script"].get(name, 0) + 1
        if name not in SCRIPTS:
            connection.send(head("404 Not Found", 0))
            return
        SCRIPTS[name](connection, request.target)

    def report(self, connection, request):
        with self.lock:
            return Answer(200, copy.deepcopy(self.count))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 chooses one")
    parser.add_argument("--script", choices=sorted(SCRIPTS))
    parser.add_argument("--refuse", action="store_true")
    args = parser.parse_args()
    app = Misbehave(args.script)
    control, server = Server(app.report), Server(None, args.port)
    server.serve = app.serve
    if args.refuse:
        closed = socket.socket()
        closed.bind(("127.0.0.1", args.port))
        server.port = closed.getsockname()[1]
    else:
        server.listen()
    control.listen()
    announce(port=server.port, control_port=control.port)
    wait_for_the_end()


if __name__ == "__main__":
    main()

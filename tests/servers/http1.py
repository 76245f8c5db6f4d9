"""A small HTTP/1.1 server for tests that want to misbehave.

http.server hides the socket; here a handler owns the connection: it can answer, answer wrongly,
drop, reset, or take the listener away and bring it back on the same port. One thread per
connection; everything listens on 127.0.0.1 only.
"""
import json
import os
import re
import signal
import socket
import struct
import sys
import threading
import time
from email.utils import formatdate
from urllib.parse import parse_qs, parse_qsl, urlsplit

MAX_BODY = 256 * 1024 * 1024
REASONS = {100: "Continue", 200: "OK", 202: "Accepted", 206: "Partial Content", 301: "Moved Permanently",
           302: "Found", 303: "See Other", 307: "Temporary Redirect", 308: "Permanent Redirect",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 410: "Gone", 422: "Unprocessable Entity", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout"}


class Closed(Exception):
    """The connection is over: nothing more to read, or the handler dropped it."""


class Request:
    """One request, read completely. `served`: how many this connection had answered before."""

    def __init__(self, method, target, headers, body, served):
        parts = urlsplit(target)
        self.method, self.target, self.path = method, target, parts.path
        self.query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        self.headers, self.body, self.served = headers, body, served

    def fields(self):
        """The body's members, whether it came as JSON, as a form or as multipart."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("application/json"):
            value = json.loads(self.body or b"{}")
            if not isinstance(value, dict):
                raise ValueError("not an object")
            return value
        if kind.startswith("multipart/form-data"):
            return {name: data if filename is not None else data.decode("utf-8")
                    for name, filename, _, data in self.parts()}
        return form_fields(self.body.decode("utf-8"))

    def parts(self):
        """The parts of a multipart body: (name, file name or None, type, bytes)."""
        boundary = re.search(r'boundary="?([^";]+)"?', self.headers.get("content-type", ""))
        if not boundary:
            raise ValueError("multipart without a boundary")
        mark = b"--" + boundary.group(1).encode()
        pieces = (b"\r\n" + self.body).split(b"\r\n" + mark)
        if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
            raise ValueError("multipart without its closing line")
        return [split_part(piece) for piece in pieces[1:-1]]


def split_part(piece):
    head, _, data = piece.partition(b"\r\n\r\n")
    head = head.decode("utf-8")
    name = re.search(r'(?<!file)name="([^"]*)"', head)
    filename = re.search(r'filename="([^"]*)"', head)
    kind = re.search(r"content-type:\s*([^\r\n;]+)", head, re.I)
    return (name.group(1) if name else "", filename.group(1) if filename else None,
            kind.group(1).strip() if kind else "text/plain", data)


def form_fields(text):
    """A form as Rails reads it: `a[]=1&a[]=2` is a list."""
    fields = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name.endswith("[]"):
            fields.setdefault(name[:-2], []).append(value)
        else:
            fields[name] = value
    return fields


class Answer:
    def __init__(self, status, body=b"", headers=(), kind="application/json; charset=utf-8"):
        if isinstance(body, (dict, list)):
            body = json.dumps(body, ensure_ascii=False)
        self.status, self.kind, self.headers = status, kind, list(headers)
        self.body = body.encode("utf-8") if isinstance(body, str) else body

    def encode(self, length=None, body=None, date_offset=0):
        """The bytes on the wire. `length` and `body`: to announce or send something else."""
        body = self.body if body is None else body
        head = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}",
                f"Date: {formatdate(time.time() + date_offset, usegmt=True)}",
                f"Content-Type: {self.kind}",
                f"Content-Length: {len(self.body) if length is None else length}"]
        head += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Connection:
    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.reader, self.served = sock, sock.makefile("rb"), 0

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as gone:
            raise Closed() from gone

    def drop(self):
        """Ends the connection with FIN."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.close()
        raise Closed()

    def reset(self):
        """Ends the connection with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
        raise Closed()

    def close(self):
        try:
            self.reader.close()
        except OSError:
            pass
        self.sock.close()

    def read_request(self):
        try:
            line = self.reader.readline(65536)
            while line in (b"\r\n", b"\n"):
                line = self.reader.readline(65536)
            words = line.split()
            if len(words) != 3:
                raise Closed()
            headers = self.read_headers()
            body = self.read_body(headers)
        except (OSError, ValueError) as gone:
            raise Closed() from gone
        return Request(words[0].decode(), words[1].decode(), headers, body, self.served)

    def read_headers(self):
        headers = {}
        while True:
            line = self.reader.readline(65536)
            if line in (b"\r\n", b"\n"):
                return headers
            if not line.endswith(b"\n"):
                raise Closed()
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()

    def read_body(self, headers):
        if headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self.read_chunks()
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= MAX_BODY:
            raise Closed()
        body = self.reader.read(length)
        if len(body) != length:
            raise Closed()
        return body

    def read_chunks(self):
        body = b""
        while True:
            size = int(self.reader.readline(64).split(b";")[0], 16)
            chunk = self.reader.read(size)
            if len(chunk) != size or self.reader.readline(8) not in (b"\r\n", b"\n"):
                raise Closed()
            if size == 0:
                return body
            body += chunk


class Server:
    """handler(connection, request) → Answer, or raises Closed after ending the connection."""

    def __init__(self, handler, port=0):
        self.handler, self.port, self.listener = handler, port, None
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.date_offset = 0

    def listen(self):
        with self.lock:
            if self.listener:
                return
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(512)
            self.port, self.listener = listener.getsockname()[1], listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def stop_listening(self):
        """From now on connecting is refused; connections that stand go on."""
        with self.lock:
            listener, self.listener = self.listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)  # close alone would not wake accept()
            listener.close()

    def accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        connection = Connection(sock)
        try:
            while True:
                request = connection.read_request()
                answer = self.handler(connection, request)
                connection.send(answer.encode(date_offset=self.date_offset))
                connection.served += 1
                if request.headers.get("connection", "").lower() == "close":
                    return
        except Closed:
            pass
        finally:
            connection.close()


def announce(**facts):
    """The one line that says: ready."""
    print(json.dumps({"pid": os.getpid(), **facts}), flush=True)


def wait_for_the_end():
    """Until SIGTERM or SIGINT."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    while not done.wait(3600):
        pass
    sys.stdout.flush()
    os._exit(0)  # connection threads may sit in a long sleep on purpose

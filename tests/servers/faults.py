"""The misdeeds a posting server can be told to commit, each under one name.

A fault says whether the server acts before it misbehaves, and how the answer then looks. It is
given as {"kind": NAME, …} with any of

    times    how often it happens (1; null: always)
    p        with which probability, each time (1.0)
    on       "publish" (the default), "media", "list" or "read"
    match    only for requests whose body contains this text
    before_ms    how long it hesitates before it acts or misbehaves
    status, location, reset_s, retry_after_s, ms, listen_again_ms, text    what the kind needs
"""
import random
import threading
import time
from datetime import datetime, timedelta, timezone

from http1 import Answer


def iso(when):
    """ISO 8601 with six digits, as Mastodon writes its rate limit's reset."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def error(status, text, headers=()):
    return Answer(status, {"error": text}, headers)


def refuse_429(fault, *_):
    if "retry_after_s" in fault:
        return error(429, "Too many requests", [("Retry-After", str(fault["retry_after_s"]))])
    # Mastodon itself tells the end of the window in X-RateLimit-Reset alone.
    reset = datetime.now(timezone.utc) + timedelta(seconds=fault.get("reset_s", 1))
    return error(429, "Too many requests", [("X-RateLimit-Limit", "300"), ("X-RateLimit-Remaining", "0"),
                                            ("X-RateLimit-Reset", iso(reset))])


def said(status, text):
    return lambda fault, *_: error(fault.get("status", status), fault.get("text", text))


def redirect(fault, *_):
    return Answer(fault.get("status", 301), b"", [("Location", fault["location"])])


def drop(fault, connection, *_):
    connection.drop()


def reset(fault, connection, *_):
    connection.reset()


def drop_and_stop_listening(fault, connection, answer, server):
    """As a server that dies: nobody can connect any more, then the connections go."""
    server.stop_listening()
    if "listen_again_ms" in fault:
        threading.Timer(fault["listen_again_ms"] / 1000, server.listen).start()
    connection.drop()


def cut_headers(fault, connection, answer, _):
    connection.send(answer.encode()[:40])
    connection.drop()


def cut_body(fault, connection, answer, _):
    connection.send(answer.encode(body=answer.body[:len(answer.body) // 2]))
    connection.drop()


def wrong_length(fault, connection, answer, _):
    """Announces less than it sends, so that the body ends too early and rubbish follows it."""
    connection.send(answer.encode(length=max(0, len(answer.body) - 25)))
    connection.drop()


def garbage(fault, connection, answer, _):
    connection.send(b"\x16\x03\x01 not http at all\r\n\r\n" + answer.encode())
    connection.drop()


def bad_json(fault, connection, answer, _):
    return Answer(200, answer.body[:-1] + b",")


def no_id(fault, *_):
    return Answer(200, {"content": "<p>done</p>"})


def slow(fault, connection, answer, _):
    time.sleep(fault.get("ms", 1000) / 1000)
    return answer


def close_silently(fault, connection, answer, _):
    """A whole answer, then the end, without a word about it: an idle connection that dies."""
    connection.send(answer.encode())
    connection.drop()


NO_MEDIA = "Media with ids 1 not found or already attached to another post"
UNPROCESSED = "Cannot attach files that have not finished processing. Try again in a moment!"

# kind: (does the server act before?, what the client then gets)
KINDS = {
    "refuse_429": (False, refuse_429),
    "refuse_503": (False, said(503, "There was a temporary problem serving your request, please try again")),
    "500_before_store": (False, said(500, "We're sorry, but something went wrong on our end.")),
    "500_after_store": (True, said(500, "We're sorry, but something went wrong on our end.")),
    "drop_before_store": (False, drop),
    "drop_after_store": (True, drop),
    "reset_before_store": (False, reset),
    "reset_after_store": (True, reset),
    "drop_on_reuse": (True, drop),
    "drop_on_reuse_then_stop_listening": (True, drop_and_stop_listening),
    "stop_listening_before_store": (False, drop_and_stop_listening),
    "cut_headers": (True, cut_headers),
    "cut_body": (True, cut_body),
    "bad_json": (True, bad_json),
    "no_id": (True, no_id),
    "wrong_length": (True, wrong_length),
    "garbage": (True, garbage),
    "slow": (True, slow),
    "close_silently": (True, close_silently),
    "401": (False, said(401, "The access token is invalid")),
    "403": (False, said(403, "This action is not allowed")),
    "403_scope": (False, said(403, "This action is outside the authorized scopes")),
    "404": (False, said(404, "The post you are trying to reply to does not appear to exist.")),
    "410": (False, said(410, "Gone")),
    "422": (False, said(422, "Validation failed: Text character limit of 500 exceeded")),
    "422_attached": (False, said(422, NO_MEDIA)),
    "422_processing": (False, said(422, UNPROCESSED)),
    "redirect": (False, redirect),
    "redirect_after_store": (True, redirect),
    "lie_200": (None, None),  # the plausible answer of a spam filter that stores nothing
}


class Faults:
    def __init__(self, faults=(), seed=None):
        self.lock, self.random = threading.Lock(), random.Random(seed)
        self.set(faults)

    def set(self, faults):
        with self.lock:
            self.list = []
        self.add(faults)

    def add(self, faults):
        faults = [{"kind": f} if isinstance(f, str) else dict(f) for f in faults]
        for fault in faults:
            if fault["kind"] not in KINDS:
                raise ValueError(f"no fault '{fault['kind']}'; there are: {', '.join(sorted(KINDS))}")
        with self.lock:
            self.list += faults

    def take(self, place, request):
        """The fault that strikes this request, or None."""
        with self.lock:
            for fault in self.list:
                if self.strikes(fault, place, request):
                    if fault.get("times", 1) is not None:
                        fault["times"] = fault.get("times", 1) - 1
                    self.list = [f for f in self.list if f.get("times", 1) != 0]
                    return fault
        return None

    def strikes(self, fault, place, request):
        if fault.get("on", "publish") != place:
            return False
        if fault["kind"].startswith("drop_on_reuse") and request.served == 0:
            return False
        if fault.get("match", "").encode() not in request.body:
            return False
        return self.random.random() < fault.get("p", 1.0)

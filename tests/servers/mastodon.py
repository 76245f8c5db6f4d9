#!/usr/bin/python3
"""A server with the Mastodon API that keeps books, and misbehaves when told to.

    mastodon.py [--port N] [--flavour mastodon|gotosocial|pleroma|snac] [--keys …] [--delay-ms N] …

When it is ready it prints one line of JSON: {"pid", "port", "control_port"}. The token `t-NAME` is
the account NAME. The control port answers even while the main one does not listen:

    GET  /__books     {"statuses", "attempts", "replays", "fired", "media"}: what was really done
    GET  /__requests  the requests as they came, when the knob `record` is set
    GET  /__knobs     how it is set
    POST /__knobs     {"knob": value, …}; also "faults" (replaces), "add_faults", "listen": true or
                      false, "forget_keys": true (as a flushed Redis)

Which answers are given when follows Mastodon's documentation (methods/statuses, media, accounts,
instance, oauth) and, for keys, errors and single-use media, its source.
"""
import argparse
import base64
import hashlib
import json
import random
import sys
import threading
import time
from datetime import datetime, timezone

import mastodon_json as shape
import mastodon_text
from books import Books, id_order
from faults import KINDS, Faults, iso
from http1 import Answer, Server, announce, wait_for_the_end
from oauth import OAuth

COMMON = {
    "key_gap_ms": 30,          # between a post's commit and the writing of its key
    "key_memory_s": 3600,
    "replay": "original",      # or "500": 4.6.0 to 4.6.5 answer so to a correct repetition
    "lag_ms": 0,               # until a post shows in listings
    "delay_ms": 0,             # of publishing, half before the act and half after; or [least, most]
    "read_delay_ms": 0,
    "media_processing": 0,     # how many polls find a medium unfinished
    "media_fails": False,
    "application": "camp-post",
    "discovery": True, "pkce": "required",
    "revoked": [],             # names whose token is no longer good
    "rate_limit": 1000000, "rate_window_s": 300,
    "status_limit": 1000000, "status_window_s": 10800,
    "date_offset_s": 0,        # what the server's clock is wrong by
    "record": False,
}


def nothing(text="Record not found"):
    return Answer(404, {"error": text})


def unprocessable(text):
    return Answer(422, {"error": text})


def pause(ms):
    if isinstance(ms, (list, tuple)):
        ms = random.uniform(*ms)
    if ms > 0:
        time.sleep(ms / 1000)


class Limits:
    """Fixed windows, aligned to the epoch, as rack-attack's."""

    def __init__(self):
        self.lock, self.used = threading.Lock(), {}

    def count(self, name, who, limit, seconds, now):
        """(over the limit?, headers)"""
        window = int(now // seconds)
        with self.lock:
            used = self.used[name, who] = (window, self.used.get((name, who), (window, 0))[1] + 1) \
                if self.used.get((name, who), (window, 0))[0] == window else (window, 1)
        reset = datetime.fromtimestamp((window + 1) * seconds, timezone.utc)
        return used[1] > limit, [("X-RateLimit-Limit", str(limit)), ("X-RateLimit-Reset", iso(reset)),
                                 ("X-RateLimit-Remaining", str(max(0, limit - used[1])))]


class Mastodon:
    def __init__(self, knobs, faults, books):
        self.knobs, self.faults, self.books = knobs, faults, books
        self.oauth, self.limits = OAuth(knobs), Limits()
        self.requests, self.base, self.server = [], "", None

    def now(self):
        """The server's own clock, which may be wrong."""
        return time.time() + self.knobs["date_offset_s"]

    def next_id(self):
        with self.books.lock:
            return self.books.ids.next(self.knobs["ids"], self.now())

    # ---- who asks, and where it leads

    def handle(self, connection, request):
        if self.knobs["record"]:
            self.record(request)
        if request.path.startswith("/__"):
            return self.control(connection, request)
        answer = self.route(connection, request)
        if self.knobs["verbose"]:
            print(request.method, request.target, answer.status, file=sys.stderr)
        return answer

    def record(self, request):
        try:
            body = {"text": request.body.decode("utf-8")}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(request.body).decode()}
        self.requests.append({"method": request.method, "target": request.target, "headers": request.headers} | body)

    def route(self, connection, request):
        path, method = request.path, request.method
        if path == "/.well-known/oauth-authorization-server" or path == "/api/v1/apps" or path.startswith("/oauth/"):
            return self.login(request)
        who = self.who(request)
        over, headers = self.limits.count("token", who or "-", self.knobs["rate_limit"],
                                          self.knobs["rate_window_s"], time.time())
        if over:
            return Answer(429, {"error": "Too many requests"}, headers)
        answer = self.api(connection, request, method, path.strip("/").split("/"), who)
        if not any(name.startswith("X-RateLimit") for name, _ in answer.headers):
            answer.headers += headers
        return answer

    def who(self, request):
        """The account that the token speaks for, or None."""
        token = request.headers.get("authorization", "")
        if not token.startswith("Bearer t-") or token[9:] in self.knobs["revoked"]:
            return None
        return token[9:]

    def login(self, request):
        fields = request.fields() if request.body else {}
        if request.path == "/api/v1/apps":
            return self.oauth.register(fields) if request.method == "POST" else nothing()
        if request.path == "/oauth/authorize":
            return self.oauth.agree(fields) if request.method == "POST" else self.oauth.ask(request.query)
        if request.path == "/oauth/token" and request.method == "POST":
            return self.oauth.token(fields, request.headers.get("authorization", ""))
        if request.path == "/oauth/revoke" and request.method == "POST":
            self.knobs["revoked"] = self.knobs["revoked"] + [str(fields.get("token", ""))[2:]]
            return Answer(200, {})
        if request.path.startswith("/.well-known/"):
            return self.oauth.discovery(self.base)
        return nothing()

    def api(self, connection, request, method, words, who):
        if words[:2] in (["api", "v1"], ["api", "v2"]) and words[2:] == ["instance"]:
            return self.instance(int(words[1][1:]))
        if words[:1] != ["api"] or len(words) < 3:
            return nothing("Not Found")
        if method == "GET" and (words[2] != "media" and words[2:] != ["accounts", "verify_credentials"]):
            return self.read(connection, request, words, who)
        if who is None:
            return Answer(401, {"error": "The access token is invalid"})
        if words[2:] == ["accounts", "verify_credentials"]:
            return self.misbehave("read", connection, request, lambda: Answer(200, shape.account(who, self.base, True)))
        if words[2] == "media":
            return self.media(connection, request, method, words, who)
        if method == "POST" and words[1:] == ["v1", "statuses"]:
            return self.publish(connection, request, who)
        if method == "DELETE" and words[1:3] == ["v1", "statuses"] and len(words) == 4:
            return self.delete(words[3], who)
        return nothing("Not Found")

    def misbehave(self, place, connection, request, act, lie=None, note=None):
        """What act() answers, unless a fault strikes this request; note: the row that keeps which."""
        fault = self.faults.take(place, request)
        if fault is None:
            return act()
        if note is not None:
            note["fault"] = fault["kind"]
        with self.books.lock:
            self.books.fired.append({"kind": fault["kind"], "on": place, "time": time.time()})
        if fault["kind"] == "lie_200":
            return (lie or act)()
        acts, reply = KINDS[fault["kind"]]
        pause(fault.get("before_ms", 0))
        answer = act() if acts else Answer(200, {})
        return reply(fault, connection, answer, self.server)

    # ---- reading

    def instance(self, number):
        pause(self.knobs["read_delay_ms"])
        known = {"v2": 2, "v1": 1, "off": 0}[self.knobs["instance"]]
        return Answer(200, shape.instance(self.knobs, self.base, number)) if number <= known else nothing("Not Found")

    def read(self, connection, request, words, who):
        pause(self.knobs["read_delay_ms"])
        if words[1:3] == ["v1", "accounts"] and words[4:] == ["statuses"]:
            return self.misbehave("list", connection, request, lambda: self.listing(request, words[3], who))
        if words[1:3] == ["v1", "statuses"] and len(words) in (4, 5):
            return self.misbehave("read", connection, request, lambda: self.one(words[3], words[4:], who))
        return nothing("Not Found")

    def one(self, identifier, rest, who):
        row = self.books.by_id.get(identifier)
        if not row or row["deleted"] or not may_see(row, who):
            return nothing()
        if not rest:
            return Answer(200, self.shown(row, who))
        if rest == ["source"] and self.knobs["source"] and row["account"] == who:
            return Answer(200, shape.source(row))
        if rest == ["context"]:
            return Answer(200, {"ancestors": [], "descendants": []})
        return nothing()

    def shown(self, row, who):
        return shape.status(row, self.base, self.knobs, who, {s["account"].lower() for s in self.books.statuses})

    def listing(self, request, account, who):
        """Newest first. max_id and since_id keep the newest, min_id the ones next to it."""
        name = next((s["account"] for s in self.books.statuses if shape.account_id(s["account"]) == account), who)
        if name is None or shape.account_id(name) != account:
            return nothing()
        q = request.query
        limit = min(40, max(1, int(q.get("limit") or 20)))
        rows = [s for s in self.books.listing(name, time.time(), self.knobs["lag_ms"] / 1000) if may_see(s, who)]
        if q.get("exclude_replies") == "true":
            rows = [s for s in rows if not s["in_reply_to_id"]]
        if q.get("pinned") == "true":
            rows = []
        for word, keep in (("max_id", lambda a, b: a < b), ("since_id", lambda a, b: a > b), ("min_id", lambda a, b: a > b)):
            if q.get(word):
                rows = [s for s in rows if keep(id_order(s["id"]), id_order(q[word]))]
        rows = rows[:limit] if q.get("min_id") else rows[-limit:]
        return Answer(200, [self.shown(s, who) for s in reversed(rows)], self.pages(request, rows))

    def pages(self, request, rows):
        if not rows:
            return []
        where = f"{self.base}{request.path}"
        return [("Link", f'<{where}?max_id={rows[0]["id"]}>; rel="next", <{where}?min_id={rows[-1]["id"]}>; rel="prev"')]

    # ---- media

    def media(self, connection, request, method, words, who):
        if method == "POST" and words[1:] in (["v2", "media"], ["v1", "media"]):
            return self.misbehave("media", connection, request, lambda: self.upload(request, who))
        row = self.books.media.get(words[3]) if len(words) == 4 else None
        if not row or row["account"] != who or row["status"]:
            return nothing()
        if method == "PUT":
            row["description"] = request.fields().get("description", row["description"])
        elif method != "GET":
            return nothing("Not Found")
        return self.media_answer(row, method == "GET")

    def media_answer(self, row, polled):
        if self.knobs["media_fails"] and row["polls_left"] == 0:
            return unprocessable("Error processing thumbnail for uploaded media")
        if row["polls_left"] > 0:
            row["polls_left"] -= polled
            return Answer(206, shape.media(row, self.base, False))
        return Answer(200, shape.media(row, self.base))

    def upload(self, request, who):
        try:
            parts = {name: (filename, kind, data) for name, filename, kind, data in request.parts()}
        except (ValueError, UnicodeDecodeError) as wrong:
            return unprocessable(f"Validation failed: {wrong}")
        filename, kind, data = parts.get("file", (None, "", b""))
        description = parts.get("description", (None, "", b""))[2].decode("utf-8")
        if not data:
            return unprocessable("Validation failed: File can't be blank")
        if kind not in shape.IMAGES + ["video/mp4"]:
            return unprocessable(f"Validation failed: File content type is invalid ({kind})")
        if mastodon_text.graphemes(description) > self.knobs["alt_limit"]:
            return unprocessable("Validation failed: Description is too long")
        with self.books.lock:
            row = {"id": self.next_id(), "account": who, "description": description or None,
                   "type": kind, "name": filename, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
                   "time": time.time(), "polls_left": self.knobs["media_processing"], "status": None}
            self.books.media[row["id"]] = row
        done = row["polls_left"] == 0
        return Answer(200 if done else 202, shape.media(row, self.base, done))

    # ---- publishing

    def publish(self, connection, request, who):
        key = request.headers.get("idempotency-key") or None
        try:
            wish = Wish(request.fields())
        except (ValueError, UnicodeDecodeError, TypeError):
            return Answer(400, {"error": "Bad Request"})
        attempt = self.books.attempt(who, key, wish.text, request.served)

        def act():
            pause(half(self.knobs["delay_ms"]))
            answer = self.act(who, key, wish, request.served)
            pause(half(self.knobs["delay_ms"]))
            attempt["acted"] = answer.status
            return answer

        def lie():
            return Answer(200, self.shown(wish.row(self.next_id(), who, key, [], self, 0), who))
        return self.misbehave("publish", connection, request, act, lie, attempt)

    def act(self, who, key, wish, served):
        mode = self.knobs["keys"] if key else "ignore"
        known = self.books.recall(who, key) if mode != "ignore" else None
        if known is not None:
            return self.repeat(who, mode, known)
        if mode == "pixelfed":  # written before anything is checked
            self.books.remember(who, key, True, self.knobs["key_memory_s"])
        answer = self.create(who, key, wish, served)
        if mode == "honour" and answer.status == 200:
            pause(self.knobs["key_gap_ms"])
            self.books.remember(who, key, json.loads(answer.body)["id"], self.knobs["key_memory_s"])
        elif mode == "pleroma":  # refusals are remembered as well
            self.books.remember(who, key, (answer.status, answer.body), self.knobs["key_memory_s"])
        return answer

    def repeat(self, who, mode, known):
        with self.books.lock:
            self.books.replays += 1
        if mode == "pixelfed":
            return Answer(400, {"error": "Duplicate idempotency key."})
        if mode == "pleroma":
            return Answer(*known, headers=[("idempotent-replayed", "true")])
        if self.knobs["replay"] == "500":
            return Answer(500, {"error": "We're sorry, but something went wrong on our end."})
        return self.one(known, [], who)

    def create(self, who, key, wish, served):
        refused = wish.complaint(self.knobs)
        if refused:
            return refused
        over, headers = self.limits.count("statuses", who, self.knobs["status_limit"],
                                          self.knobs["status_window_s"], time.time())
        if over:
            return Answer(429, {"error": "Too many requests"}, headers)
        with self.books.lock:  # one transaction: the post, and its media attached to it
            if wish.reply_to and not self.reachable(wish.reply_to, who):
                return nothing("The post you are trying to reply to does not appear to exist.")
            media = [self.books.media.get(m) for m in wish.media_ids]
            if not all(m and m["account"] == who and not m["status"] for m in media):
                return unprocessable(f"Media with ids {', '.join(wish.media_ids)} not found or already attached to another post")
            if any(m["polls_left"] for m in media):
                return unprocessable("Cannot attach files that have not finished processing. Try again in a moment!")
            row = wish.row(self.next_id(), who, key, media, self, served)
            for m in media:
                m["status"] = row["id"]
            self.books.enter(row)
        return Answer(200, self.shown(row, who))

    def reachable(self, identifier, who):
        row = self.books.by_id.get(identifier)
        return row is not None and not row["deleted"] and may_see(row, who)

    def delete(self, identifier, who):
        row = self.books.by_id.get(identifier)
        if not row or row["deleted"] or row["account"] != who:
            return nothing()
        answer = Answer(200, self.shown(row, who) | {"text": row["text"]})
        self.books.delete(row)
        return answer

    # ---- control

    def control(self, connection, request):
        if request.method == "GET":
            views = {"/__books": self.books.report, "/__knobs": lambda: dict(self.knobs) | {"faults": self.faults.list},
                     "/__requests": lambda: list(self.requests)}
            return Answer(200, views[request.path]()) if request.path in views else nothing("Not Found")
        if request.path != "/__knobs" or request.method != "POST":
            return nothing("Not Found")
        try:
            self.turn(request.fields())
        except (KeyError, ValueError, TypeError) as wrong:
            return Answer(400, {"error": str(wrong)})
        return Answer(200, dict(self.knobs))

    def turn(self, fields):
        orders = {"faults": self.faults.set, "add_faults": self.faults.add,
                  "listen": lambda on: self.server.listen() if on else self.server.stop_listening(),
                  "forget_keys": lambda on: self.books.keys.clear()}
        for name, value in fields.items():
            if name in orders:
                orders[name](value)
            elif name in self.knobs:
                self.knobs[name] = value
            else:
                raise KeyError(f"no knob '{name}'; there are: {', '.join(sorted([*self.knobs, *orders]))}")
        self.server.date_offset = self.knobs["date_offset_s"]


def half(ms):
    return [m / 2 for m in ms] if isinstance(ms, (list, tuple)) else ms / 2


def may_see(row, who):
    return row["account"] == who or row["visibility"] in ("public", "unlisted")


class Wish:
    """The post that somebody asks for."""

    def __init__(self, fields):
        self.text = str(fields.get("status") or "")
        self.warning = str(fields.get("spoiler_text") or "")
        self.visibility = str(fields.get("visibility") or "public")
        self.language = fields.get("language") or "en"
        self.sensitive = fields.get("sensitive") in (True, "true", "1") or bool(self.warning)
        self.reply_to = str(fields["in_reply_to_id"]) if fields.get("in_reply_to_id") else None
        self.media_ids = [str(m) for m in fields.get("media_ids") or []]
        if not self.text and self.warning and not self.media_ids:
            self.text, self.warning = self.warning, ""

    def complaint(self, knobs):
        """The refusal of what could never be posted, or None."""
        if not self.text and not self.media_ids:
            return unprocessable("Validation failed: Text can't be blank")
        if self.visibility not in ("public", "unlisted", "private", "direct"):
            return unprocessable(f"Validation failed: Visibility '{self.visibility}' is not known")
        if len(self.media_ids) > knobs["max_media"]:
            return unprocessable(f"Cannot attach more than {knobs['max_media']} files")
        counted = mastodon_text.length(self.text, self.warning, knobs["url_cost"], knobs["mentions_cut"], knobs["unit"])
        if counted > knobs["max_characters"]:
            return Answer(knobs["too_long"], {"error": "Validation failed: Text character limit of "
                                                       f"{knobs['max_characters']} exceeded"})
        return None

    def row(self, identifier, who, key, media, server, served):
        return {"id": identifier, "account": who, "key": key, "time": time.time(), "created": server.now(), "text": self.text,
                "warning": self.warning, "visibility": self.visibility, "language": self.language,
                "sensitive": self.sensitive, "in_reply_to_id": self.reply_to, "deleted": False, "reused": served > 0,
                "application": server.oauth.app_of.get(who, server.knobs["application"]),
                "media": [{k: m[k] for k in ("id", "type", "size", "sha256", "description", "name")} for m in media]}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 chooses one")
    parser.add_argument("--flavour", choices=shape.FLAVOURS, default="mastodon")
    parser.add_argument("--keys", choices=["honour", "ignore", "pleroma", "pixelfed"])
    parser.add_argument("--lag-ms", type=float)
    parser.add_argument("--delay-ms", type=float)
    parser.add_argument("--media-processing", type=int, metavar="N")
    parser.add_argument("--knobs", type=json.loads, default={}, metavar="JSON", help="any knob of POST /__knobs")
    parser.add_argument("--faults", type=json.loads, default=[], metavar="JSON")
    parser.add_argument("--seed", type=int, help="of the faults that strike by chance")
    parser.add_argument("--books", metavar="FILE", help="append each act as a line of JSON")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    knobs = COMMON | shape.FLAVOURS[args.flavour] | {"flavour": args.flavour, "verbose": args.verbose}
    for name in ("keys", "lag_ms", "delay_ms", "media_processing"):
        if getattr(args, name) is not None:
            knobs[name] = getattr(args, name)
    app = Mastodon(knobs, Faults(args.faults, args.seed), Books(args.books))
    app.server, control = Server(app.handle, args.port), Server(app.handle)
    app.turn(args.knobs)
    app.server.listen()
    control.listen()
    app.base = f"http://127.0.0.1:{app.server.port}"
    announce(port=app.server.port, control_port=control.port)
    wait_for_the_end()


if __name__ == "__main__":
    main()

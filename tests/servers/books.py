"""The books of a posting server: what it really did, kept apart from what it told anybody.

A post is entered when the server acts, once per act, so that a double is two entries. Keys are
remembered apart and later, as Mastodon does (app/services/post_status_service.rb): between the
commit and the writing of the key a parallel copy of the same key makes a second post.
"""
import json
import secrets
import threading
import time

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def digits(number, alphabet, width):
    out = ""
    while number:
        number, rest = divmod(number, len(alphabet))
        out = alphabet[rest] + out
    return out.rjust(width, alphabet[0])


def id_order(identifier):
    """A key by which ids of one style sort in time."""
    return (len(identifier), identifier)


class Ids:
    """Rising ids: snowflake (decimal, (ms << 16) | n), ulid, flake (base 62) or micro (decimal)."""

    STYLES = {"snowflake": lambda ms, n: str((ms << 16) | (n & 0xFFFF)),
              "ulid": lambda ms, n: digits((ms << 80) | (n << 40) | secrets.randbits(40), CROCKFORD, 26),
              "flake": lambda ms, n: digits((ms << 64) | n, BASE62, 18),
              "micro": lambda ms, n: f"{ms * 1000 + n % 1000:017d}"}

    def __init__(self):
        self.ms, self.count = 0, 0

    def next(self, style, now):
        """now: the server's clock, in seconds."""
        ms = int(now * 1000)
        if ms > self.ms:
            self.ms, self.count = ms, secrets.randbelow(256)
        else:
            self.count += 1
            if self.count >= 900:  # the style with the least room has a thousand in a millisecond
                self.ms, self.count = self.ms + 1, 0
        return self.STYLES[style](self.ms, self.count)


class Books:
    """Every post that was made, every try that was seen, every key that is remembered."""

    def __init__(self, path=None):
        self.lock, self.ids = threading.RLock(), Ids()
        self.statuses, self.by_id, self.media = [], {}, {}
        self.attempts, self.keys, self.fired, self.replays = [], {}, [], 0
        self.file = open(path, "a", encoding="utf-8") if path else None

    def write(self, row):
        if self.file:
            self.file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self.file.flush()

    def attempt(self, account, key, text, served):
        """A publishing request came in whole. Whether anything follows is another matter."""
        with self.lock:
            row = {"n": len(self.attempts), "account": account, "key": key, "text": text,
                   "time": time.time(), "reused": served > 0, "acted": None, "fault": None}
            self.attempts.append(row)
            return row

    def enter(self, status):
        """The act itself."""
        with self.lock:
            status["n"] = len(self.statuses)
            self.statuses.append(status)
            self.by_id[status["id"]] = status
            self.write(status)

    def delete(self, status):
        with self.lock:
            status["deleted"] = True
            self.write({"deleted": status["id"]})

    def remember(self, account, key, value, seconds):
        with self.lock:
            self.keys[account, key] = (value, time.time() + seconds)

    def recall(self, account, key):
        with self.lock:
            value, until = self.keys.get((account, key), (None, 0))
            return value if time.time() < until else None

    def listing(self, account, now, lag_s):
        """The account's posts that its listing shows by now, oldest first."""
        with self.lock:
            return [s for s in self.statuses
                    if s["account"] == account and not s["deleted"] and s["time"] + lag_s <= now]

    def report(self):
        with self.lock:
            return {"statuses": [dict(s) for s in self.statuses], "attempts": list(self.attempts),
                    "replays": self.replays, "fired": list(self.fired),
                    "media": [dict(m) for m in self.media.values()]}

"""Ledgers that must not be sent from: another service's, damaged, too new, foreign, copied, or one that can't be
written. Nothing is sent, and the words say what to do.
"""
import os
import shutil
import sqlite3
import time

from harness import NOBODY, OneAccount, main


class Ledger(OneAccount):
    EVERY = (("run", "--once"), ("status",), ("release", "p0"), ("plan",))

    def test_a_second_service_is_refused_and_says_who_has_it(self):
        self.begin()
        first = self.serve()
        self.refused("another camp-post", str(first.process.pid), "end it first", commands=(("run",), ("run", "--once")))
        self.ran(self.campaign, "release", "p0")
        self.seen()

    def test_a_ledger_of_a_newer_version_is_left_alone(self):
        self.begin()
        path = self.accepted()
        with sqlite3.connect(path) as ledger:
            ledger.execute("PRAGMA user_version = 99")
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ledger.close()
        before = path.read_bytes()
        self.refused("newer camp-post", "install", commands=self.EVERY)
        self.assertEqual(path.read_bytes(), before)

    def test_a_damaged_ledger_sends_nothing(self):
        self.begin(30)
        path = self.accepted()
        with sqlite3.connect(path) as ledger:
            size = ledger.execute("PRAGMA page_size").fetchone()[0]
            root = ledger.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'part'").fetchone()[0]
            ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ledger.close()
        with path.open("r+b") as file:
            file.seek((root - 1) * size)
            file.write(os.urandom(size))
        self.refused("damaged|malformed", "backup")

    def test_what_is_no_ledger_is_left_alone(self):
        self.begin()
        path = self.accepted()
        for suffix in ("", "-wal", "-shm"):
            (path.parent / (path.name + suffix)).unlink(missing_ok=True)
        path.write_bytes(b"Not a database, but somebody's notes. " * 200)
        before = path.read_bytes()
        self.refused("not a database", commands=self.EVERY)
        self.assertEqual(path.read_bytes(), before)
        path.unlink()
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE recipe (name TEXT)")
        other.close()
        self.refused("another program", "another state folder", commands=self.EVERY)

    def test_a_state_folder_that_cannot_be_written_is_refused_but_read(self):
        c = self.begin()
        c.for_anybody()
        self.accepted()
        for file in (c.folder, c.state, c.state / "media"):
            file.chmod(0o555)
        for file in c.state.glob("*"):
            if file.is_file():
                file.chmod(0o444)
        self.addCleanup(lambda: [f.chmod(0o755) for f in (c.folder, c.state)])
        who = NOBODY
        for command in (("run", "--once"), ("release", "p0")):
            result = self.ran(c, *command, user=who, codes=(4,))
            self.assertRegex(result.stderr, "'state/.*denied.*writable")
        self.assertEqual(self.ran(c, "status", "--json", user=who).json()["summary"], {"standby": 1})
        self.assertEqual(self.server.statuses(), [])

    def test_a_copied_ledger_holds_everything_until_a_person_says_so(self):
        c = self.begin(2)
        self.accepted()
        self.ran(c, "release", "p0")
        c.state.rename(c.folder / "original")
        shutil.copytree(c.folder / "original", c.state)
        service = self.serve()
        self.ran(c, "release", "p1")
        time.sleep(1)
        self.assertEqual(self.server.statuses(), [])
        self.assertEqual(set(c.states().values()), {"held"})
        self.assertIn("copied", service.said())
        self.assertTrue(any("release all" in (e["notice"] or "") for e in c.entries()))
        self.ran(c, "release", "all", "--reason", "the other one is switched off")
        self.seen()


if __name__ == "__main__":
    main()

"""A machine that is in the way: a full disk, a clock that jumps, a process that sleeps, an end in the midst of
an answer, a configuration that is broken or not there.

Each time: nothing twice, nothing lost, and words that say what to do.
"""
import contextlib
import ctypes
import glob
import os
import signal
import socket
import stat
import subprocess
import time
import unittest

from harness import NOBODY, OneAccount, at, main, program

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


def is_sanitized():
    with open(program(), "rb") as file:
        return b"__asan_" in file.read()


class Clock(OneAccount):
    def test_a_ledger_of_real_deliveries_is_refused_by_a_rehearsal(self):
        self.begin()
        self.accepted()
        self.refused("--clock", "new ledger", commands=[("run", "--clock", "2022-02-15 09:00")])

    def test_a_rehearsal_is_refused_where_a_server_is_not_this_machine(self):
        c = self.begin()
        c.accounts["far"] = {"adapter": "mastodon", "server": "https://social.example", "languages": ["en"],
                             "credential": "uk"}
        c.write()
        self.refused("--clock", "far", "social.example", commands=[("run", "--clock", "2022-02-15 09:00")], codes=(2, 4))
        self.assertFalse((c.state / "ledger.db").exists())

    @unittest.skipIf(not FAKETIME or is_sanitized(), "needs libfaketime and a build without sanitizers")
    def test_a_clock_that_is_set_holds_everything_until_it_is_right_again(self):
        c = self.begin()
        c.post("later", "In half an hour.", at=at(minutes=30), send_by="+5m")
        c.write()
        clock = c.folder / "clock"
        clock.write_text("+0\n")
        self.serve(LD_PRELOAD=FAKETIME[0], FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1",
                   FAKETIME_DONT_FAKE_MONOTONIC="1")
        clock.write_text("+3600\n")
        self.ran(c, "hold", "p0")  # libfaketime moves no timer of the kernel: something must happen
        time.sleep(1)
        self.assertEqual((c.state_of("later"), self.server.statuses()), ("held", []))
        self.assertTrue(any("the clock" in (e["notice"] or "") for e in c.entries()))
        clock.write_text("+0\n")
        self.ran(c, "release", "p0")
        self.eventually(lambda: c.state_of("p0") == "seen", c)
        self.assertEqual(c.state_of("later"), "planned")

    def test_a_process_that_was_stopped_goes_on_and_sends_each_once(self):
        c = self.begin(3, delay_ms=400)
        c.post("meanwhile", "It came due in the meantime.", at=at(seconds=5))
        c.write()
        service = self.serve()
        self.ran(c, "release", "campaign:trial", "--standby")
        self.eventually(lambda: self.server.report()["attempts"], c)
        service.process.send_signal(signal.SIGSTOP)
        time.sleep(5)
        service.process.send_signal(signal.SIGCONT)
        self.texts.append("It came due in the meantime.")
        self.seen()


class End(OneAccount):
    def ends(self, delay_ms, states):
        """SIGTERM while the server takes so long to answer."""
        c = self.begin(2, delay_ms=delay_ms)
        service = self.serve()
        self.ran(c, "release", "campaign:trial", "--standby")
        self.eventually(lambda: self.server.report()["attempts"], c)
        began = time.monotonic()
        self.assertEqual(service.stop(), 0)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(len(self.server.report()["attempts"]), 1, "nothing new is begun at the end")
        self.assertIn(self.part_of("p0", "p1"), states)
        self.server.turn(delay_ms=0)
        self.serve()
        self.seen()

    def part_of(self, *posts):
        """The stored state of the one that was on its way."""
        stored = self.campaign.part_states()
        self.assertEqual(stored["planned"], len(posts) - 1, stored)
        return next(state for state in stored if state != "planned")

    def test_an_answer_that_comes_in_time_is_kept(self):
        self.ends(3000, {"published"})

    def test_an_answer_that_takes_too_long_is_journaled_as_doubt(self):
        self.ends(13000, {"in_flight", "verify"})


class Disk(OneAccount):
    def mount(self, size):
        c = self.campaign
        c.state.mkdir(mode=0o700, exist_ok=True)
        libc = ctypes.CDLL(None, use_errno=True)
        if os.getuid() != 0 or libc.mount(b"camp-post", str(c.state).encode(), b"tmpfs", 0, f"size={size}".encode()) != 0:
            self.skipTest("a small disk of its own needs the right to mount")
        # Lazily: the service may still be there.
        self.addCleanup(lambda: libc.umount2(str(c.state).encode(), 2))

    def test_a_disk_that_fills_up_pauses_sending_which_goes_on_by_itself(self):
        c = self.begin(2)
        self.mount("24m")
        service = self.serve()
        self.ran(c, "release", "p0")
        self.eventually(lambda: c.state_of("p0") == "seen", c)
        with (c.state / "filler").open("wb") as filler:
            filler.write(bytes(12 << 20))
        self.ran(c, "release", "p1")
        time.sleep(1)
        self.assertEqual(len(self.server.statuses()), 1)
        self.assertRegex(service.said(), "pauses.*full.*make room")
        (c.state / "filler").unlink()
        self.seen()

    def test_a_commit_without_room_ends_the_service_and_the_next_one_finds_the_post(self):
        c = self.begin(2)
        self.mount("24m")
        service = self.serve()
        self.server.turn(delay_ms=2000)
        self.ran(c, "release", "p0")
        self.eventually(lambda: self.server.report()["attempts"], c)
        with (c.state / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while filler.write(bytes(size)):
                        pass
        self.assertEqual(service.process.wait(10), 4)
        self.assertRegex(service.said(), "free space")
        self.assertEqual(c.part_states(), {"in_flight": 1, "planned": 1})
        self.assertRegex(self.ran(c, "hold", "all", codes=(4,)).stderr, "free space")
        (c.state / "filler").unlink()
        self.server.turn(delay_ms=0)
        self.serve()
        self.ran(c, "release", "p1")
        self.seen()

    def test_a_disk_without_any_room_is_refused_at_the_start(self):
        self.begin()
        self.mount("40k")
        self.refused("room|space|full")


class Process(OneAccount):
    def test_configuration_and_words_decide_the_exit_code(self):
        c = self.begin()
        for words, code, says in ((["status"], 0, r"\A"), ([], 2, "Usage|usage"), (["sned"], 2, "sned"),
                                  (["--config", "nothing.yaml", "plan"], 1, "nothing.yaml"),
                                  (["run", "--once", "missing.yaml"], 1, "missing.yaml")):
            self.assertRegex(self.ran(c, *words, codes=(code,)).stderr, says)
        (c.folder / "camp-post.yaml").write_text("accounts:\n  uk: {adapter: mastodonn, languages: [en]}\nstate: state\n")
        for command in (["run"], ["plan"], ["check"], ["status"], ["release", "p0"]):
            self.assertRegex(self.ran(c, *command, codes=(1,)).stderr, r"camp-post\.yaml:2:\d+: error")
        c.write()
        (c.folder / "schedule" / "campaign.yaml").write_text("campaign: [")
        for command in (["run"], ["run", "--once"], ["plan"], ["check"]):
            self.assertRegex(self.ran(c, *command, codes=(1,)).stderr, r"campaign\.yaml:1:\d+: error")

    def test_without_any_configuration_every_command_says_where_it_looked(self):
        c = self.begin()
        for command in ("run", "plan", "check", "status", "release all"):
            ended = subprocess.run([program(), *command.split()], cwd=c.folder / "schedule", env=c.environment(),
                                   capture_output=True, text=True, timeout=20)
            self.assertEqual(ended.returncode, 4, ended)
            self.assertRegex(ended.stderr, "no configuration.*camp-post new DIR")

    def test_a_credential_that_others_can_read_is_refused_with_the_command_that_mends_it(self):
        c = self.begin()
        self.accepted()
        path = c.folder / "credentials" / "uk.json"
        path.chmod(0o644)
        self.ran(c, "release", "p0")
        self.ran(c, "run", "--once", codes=(3,))
        self.assertEqual((c.state_of("p0"), self.server.statuses()), ("held", []))
        self.assertIn("chmod", c.log())
        path.chmod(0o600)
        self.ran(c, "run", "--once")
        self.seen()

    def test_the_watchdog_hears_of_a_service_that_has_nothing_to_do(self):
        self.begin()
        service, heard = self.serve(WATCHDOG_USEC="600000"), []
        end = time.monotonic() + 2
        while time.monotonic() < end:
            try:
                heard.append((time.monotonic(), service.socket.recv(4096)))
            except TimeoutError:
                pass
        times = [t for t, said in heard if b"WATCHDOG=1" in said]
        self.assertGreaterEqual(len(times), 4)
        self.assertLess(max(b - a for a, b in zip(times, times[1:])), 0.6)

    def test_socket_state_and_memory_are_for_its_user_alone(self):
        c = self.begin()
        c.for_anybody()
        who = NOBODY
        if who:
            for path in (c.folder, *c.folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        service = self.serve(user=who)
        self.assertEqual(stat.S_IMODE((c.state / "socket").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(c.state.stat().st_mode) & 0o077, 0)
        proc = f"/proc/{service.process.pid}"
        # The files of a process that can't be dumped belong to root (proc(5)).
        self.assertEqual(os.stat(f"{proc}/environ").st_uid, 0)
        with open(f"{proc}/limits", encoding="ascii") as limits:
            self.assertRegex(limits.read(), r"Max core file size\s+0\s+0")
        self.ran(c, "release", "p0", user=who)
        self.eventually(lambda: len(self.server.statuses()) == 1, c)
        self.garbage(c.state / "socket")
        self.assertEqual(service.stop(), 0)

    def garbage(self, path):
        """Lines that no command of ours would send: the service lives on."""
        for data in (b"\0\xff not a command\n", b"{}\n", b'{"command": "hold", "scope": 7}\n', b"x" * 3000000, b"[" * 100000):
            with socket.socket(socket.AF_UNIX) as other:
                other.settimeout(5)
                other.connect(str(path))
                try:
                    other.sendall(data)
                    other.shutdown(socket.SHUT_WR)
                    self.assertNotIn(b'"ok": true', other.recv(4096))
                except OSError:
                    pass  # it hung up


if __name__ == "__main__":
    main()

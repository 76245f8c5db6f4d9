"""The command line: wrong usage is told and ends with 2, help and version with 0."""
import os
import pty
import subprocess

from harness import E2E, main, program

COMMANDS = ["new", "check", "plan", "run", "status", "show", "log", "hold", "release", "cancel", "retry",
            "resolve", "login", "accounts", "adapters"]

WRONG = [
    # arguments, what the message must say
    ([], "Usage: camp-post"),
    (["stauts"], "did you mean 'status'?"),
    (["frobnicate"], "unknown command 'frobnicate'"),
    (["status", "--frobnicate"], "--frobnicate"),
    (["--frobnicate"], "--frobnicate"),
    (["new"], "'new' wants DIRECTORY"),
    (["new", "one", "two"], "'two' is one too many"),
    (["accounts", "all"], "'all' is one too many"),
    (["hold"], "'hold' wants SCOPE"),
    (["hold", "Not A Scope"], "Not A Scope"),
    (["status", "trial/p#x"], "number of a part"),
    (["run", "--only", "!"], "!"),
    (["--requests", "status"], "'--requests' does not belong before 'status'"),
    (["--format", "xml", "status"], "unknown format 'xml'"),
    (["resolve", "p"], "exactly one of --published ID, --absent and --cancel"),
    (["resolve", "p", "--absent", "--cancel"], "exactly one of"),
    (["retry", "p", "--send-by", "soon"], "soon"),
    (["retry", "p", "--send-by", "-2h"], "already past"),
    (["login", "Not-An-Id", "https://social.example"], "Not-An-Id"),
    (["login", "new-one"], "new-one"),
    (["login", "new-one", "http://social.example"], "http://social.example"),
    (["login", "new-one", "https://social.example", "--adapter", "nosuch"], "nosuch"),
    (["login", "feed"], "nothing to log in to"),
    (["plan", "--clock", "yesterday"], "'yesterday' is no time"),
    (["plan", "--clock", "2026-03-29 01:30"], "2026-03-29T00:30:00Z or 2026-03-29T01:30:00Z"),
]


class Usage(E2E):
    def setUp(self):
        self.campaign = self.campaign_of(zone="Europe/London")
        self.campaign.feed("feed")
        self.campaign.post("p", "A text.", standby=True)
        self.campaign.write()

    def test_wrong_usage_is_told_and_ends_with_2(self):
        for arguments, words in WRONG:
            with self.subTest(" ".join(arguments)):
                result = self.ran(self.campaign, *arguments, codes=(2,))
                self.assertIn(words, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_every_command_explains_itself(self):
        for command in COMMANDS:
            with self.subTest(command):
                said = self.ran(self.campaign, command, "--help").stdout
                self.assertTrue(said.startswith(f"Usage: camp-post {command}"), said)
                self.assertIn("--config", said)
        overview = self.ran(self.campaign, "--help").stdout
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", overview)
        self.assertRegex(self.ran(self.campaign, "--version").stdout, r"^camp-post \d+\.\d+\.\d+\n$")

    def test_general_options_stand_before_the_command_or_behind_it(self):
        first = self.ran(self.campaign, "--json", "status").json()
        self.assertEqual(self.ran(self.campaign, "status", "--format", "json").json(), first)
        plan = self.ran(self.campaign, "plan", "--json").json()
        for arguments in (["--dry-run", "--json"], ["--json", "plan"], ["--dry-run", "schedule", "--json"],
                          ["run", "--dry-run", "--json"]):
            self.assertEqual(self.ran(self.campaign, *arguments).json()["deliveries"], plan["deliveries"])

    def test_a_missing_configuration_is_told_with_the_places(self):
        (self.campaign.folder / "camp-post.yaml").unlink()
        for command in ("status", "plan", "check", "run", "accounts", "log"):
            with self.subTest(command):
                ended = subprocess.run([program(), command], cwd=self.campaign.folder, timeout=30, text=True,
                                       env=self.campaign.environment(), capture_output=True)
                self.assertEqual(ended.returncode, 4, ended.stderr)
                self.assertIn("camp-post.yaml", ended.stderr)
                named = self.ran(self.campaign, command, codes=(1,))
                self.assertIn("camp-post.yaml: error: ", named.stderr)

    def test_what_strangers_wrote_does_not_reach_the_terminal_as_it_is(self):
        result = self.ran(self.campaign, "check", "sch\033[31medule", codes=(1,))
        self.assertIn("x1b[31m", result.stderr)
        self.assertNotIn("\033", result.stdout + result.stderr)

    def on_terminal(self, **environment):
        """What `adapters` prints on a terminal."""
        ours, theirs = pty.openpty()
        env = {k: v for k, v in self.campaign.environment().items() if k != "NO_COLOR"}
        subprocess.run([program(), "adapters"], stdout=theirs, env=env | {"TERM": "xterm"} | environment, timeout=30)
        os.close(theirs)
        said = b""
        try:
            while chunk := os.read(ours, 65536):
                said += chunk
        except OSError:  # the other end is closed
            pass
        os.close(ours)
        return said

    def test_colour_is_for_terminals_that_want_it(self):
        self.assertIn(b"\033[1mfeed\033[0m", self.on_terminal())
        plain = self.on_terminal(NO_COLOR="1")
        self.assertIn(b"feed", plain)
        self.assertNotIn(b"\033", plain)
        self.assertNotIn("\033", self.ran(self.campaign, "adapters").stdout)


if __name__ == "__main__":
    main()

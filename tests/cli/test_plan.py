"""The plan: its contract as JSON, its page for people, and that it writes nothing and asks no network."""
import hashlib
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from harness import E2E, at, main, program

CONFIG = Path(__file__).resolve().parents[2] / "config"

DELIVERY = {"key": str, "campaign": str, "post": str, "occurrence": str, "account": str, "adapter": str,
            "state": str, "due": (str, type(None)), "local": (str, type(None)), "zone": str,
            "send_by": (str, type(None)), "guarantee": str, "parts": list, "change": str}
PART = {"text": str, "language": str, "length": int, "limit": (int, type(None)), "counted_as": str,
        "entities": list, "media": list, "wire_key": str}
MEDIUM = {"name": str, "type": str, "size": int, "sha256": str, "alt": str}
DIAGNOSTIC = {"severity": str, "code": str, "file": (str, type(None)), "line": (int, type(None)),
              "column": (int, type(None)), "path": str, "message": str, "hint": str}


def fingerprint(folder):
    """Names, modes, times and bytes of everything in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        data = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (info.st_mode, info.st_mtime_ns, info.st_size, data)
    return found


class Plan(E2E):
    def example(self, name):
        campaign = self.campaign_of()
        shutil.rmtree(campaign.folder)
        shutil.copytree(CONFIG / name, campaign.folder)
        return campaign

    def assert_shape(self, value, shape):
        for member, kind in shape.items():
            self.assertIn(member, value)
            self.assertIsInstance(value[member], kind, f"{member} of {value}")

    def assert_part(self, part):
        self.assert_shape(part, PART)
        self.assertRegex(part["wire_key"], r"^[a-z2-7]{26}$")
        text = part["text"].encode()
        for entity in part["entities"]:
            self.assertIn(entity["kind"], ("link", "mention", "tag"))
            self.assertEqual(text[entity["start"]:entity["end"]].decode(), entity["value"])
        for medium in part["media"]:
            self.assert_shape(medium, MEDIUM)
            self.assertTrue(medium["alt"])

    def test_the_examples_are_planned_as_the_contract_says(self):
        for name, count in (("minimal", 1), ("free-assange-now", 93)):
            with self.subTest(name):
                plan = self.ran(self.example(name), "--dry-run", "--json").json()
                self.assertEqual((plan["format"], plan["campaign"]), (1, name))
                self.assertEqual(len(plan["deliveries"]), count)
                for delivery in plan["deliveries"]:
                    self.assert_shape(delivery, DELIVERY)
                    self.assertEqual(delivery["key"], "/".join(delivery[m] for m in (
                        "campaign", "post", "occurrence", "account")))
                    self.assertIn(delivery["change"], ("add", "late"))
                    self.assertNotIn("requests", delivery["parts"][0])
                    for part in delivery["parts"]:
                        self.assert_part(part)
                for diagnostic in plan["diagnostics"]:
                    self.assert_shape(diagnostic, DIAGNOSTIC)

    def test_times_are_shown_on_the_clocks_of_campaign_and_account(self):
        campaign = self.example("free-assange-now")
        plan = {d["key"]: d for d in self.ran(campaign, "plan", "--json", "--clock", "2022-02-15 09:00").json()["deliveries"]}
        delivery = plan["free-assange-now/statement/-/brazil-feed"]
        self.assertEqual([delivery[m] for m in ("due", "local", "zone", "account_local", "account_zone", "change", "state")],
                         ["2022-02-15T13:28:00Z", "2022-02-15T13:28:00+00:00", "Europe/London",
                          "2022-02-15T10:28:00-03:00", "America/Sao_Paulo", "add", "planned"])
        standby = plan["free-assange-now/decision-against/-/uk-feed"]
        self.assertEqual([standby[m] for m in ("due", "local", "send_by", "state")], [None, None, None, "standby"])
        said = self.ran(campaign, "plan", "--clock", "2022-02-15 09:00").stdout
        self.assertIn("\nTuesday 15 February 2022, Europe/London\n", said)
        self.assertIn("13:28 GMT  statement to brazil-feed (10:28 -03 for org-brazil)", said)
        self.assertIn("93 deliveries: 93 add; 5 on standby", said)

    def test_a_key_of_the_design_is_the_one_that_is_printed(self):
        plan = self.ran(self.example("free-assange-now"), "--dry-run", "--json", "--only", "countdown/tribunal-3d/uk-feed").json()
        self.assertEqual([d["key"] for d in plan["deliveries"]], ["free-assange-now/countdown/tribunal-3d/uk-feed"])
        self.assertEqual(plan["deliveries"][0]["id"], "44727b2c574f4c3243f9e316b6e05e96")
        said = self.ran(self.example("free-assange-now"), "--dry-run", "--verbose", "--only", "countdown/tribunal-3d/uk-feed")
        self.assertIn(plan["deliveries"][0]["parts"][0]["wire_key"], said.stdout)

    def test_requests_are_shown_when_they_are_asked_for(self):
        campaign = self.campaign_of()
        campaign.accounts["main"] = {"adapter": "mastodon", "server": "https://social.example", "languages": ["en"],
                                     "credential": "main"}
        campaign.credential("main", "t-a-secret-that-shows-nowhere")
        campaign.post("p", "A text with a #tag.", at=at(minutes=60))
        campaign.write()
        part = self.ran(campaign, "--dry-run", "--json", "--requests").json()["deliveries"][0]["parts"][0]
        publish = [r for r in part["requests"] if r["step"] == "publish"]
        self.assertEqual(len(publish), 1)
        self.assertEqual((publish[0]["method"], publish[0]["url"]), ("POST", "https://social.example/api/v1/statuses"))
        self.assertIn(part["wire_key"], json.dumps(publish[0]["headers"]))
        self.assertIn("A text with a #tag.", json.dumps(publish[0]["body"]))
        said = self.ran(campaign, "--dry-run", "--requests").stdout
        self.assertIn("POST https://social.example/api/v1/statuses", said)
        self.assertIn("access_token", said)

    def test_a_plan_says_what_an_edit_would_change(self):
        campaign = self.campaign_of()
        campaign.feed("feed")
        for name in ("kept", "edited", "removed"):
            campaign.post(name, f"This one is {name}.", at=at(minutes=60))
        campaign.write()
        self.ran(campaign, "run", "--once", codes=(0,))
        campaign.posts = [p for p in campaign.posts if p["id"] != "removed"]
        campaign.posts[1]["text"] = "It was edited."
        campaign.post("added", "It is new.", at=at(minutes=61))
        campaign.write()
        plan = self.ran(campaign, "--dry-run", "--json").json()
        self.assertEqual({d["post"]: d["change"] for d in plan["deliveries"]},
                         {"kept": "none", "edited": "change", "removed": "cancel", "added": "add"})
        said = self.ran(campaign, "--dry-run").stdout
        for sign in ("  + add ", "  ~ change ", "  - cancel ", "    planned "):
            self.assertIn(sign, said)
        self.assertIn("4 deliveries: 1 add, 1 change, 1 cancel, 1 unchanged", said)

    def test_what_repeats_a_text_names_the_other_and_its_own_measure(self):
        campaign = self.campaign_of(zone="Europe/London")
        campaign.feed("feed")
        campaign.accounts["main"] = {"adapter": "mastodon", "server": "https://social.example", "languages": ["en"],
                                     "credential": "main"}
        campaign.events["open"] = {"start": "2099-06-10 12:00"}
        campaign.post("p", "A text.", relative={"event": "open", "offsets": ["-2h", "-1h"]}, to={"adapter": "feed"})
        campaign.post("q", "A text.", at="2099-06-12 12:00")
        campaign.write()
        said = self.ran(campaign, "--dry-run").stdout
        self.assertIn("says the same as p/open-2h\n", said)
        self.assertRegex(said, r"guarantee native \(assumed\)\n.*\n.*q to main.*\n.*/500 graphemes.*\n.*says the same as to feed")

    def test_a_moved_time_is_told_with_its_own_occurrence(self):
        campaign = self.campaign_of(zone="Europe/London")
        campaign.feed("feed")
        campaign.events["open"] = {"start": "2031-03-31 01:30"}
        campaign.post("p", "A text.", relative={"event": "open", "offsets": ["-1d", "-25h"]})
        campaign.write()
        lines = self.ran(campaign, "--dry-run").stdout.splitlines()
        at_ = next(i for i, line in enumerate(lines) if "p/open-1d to feed" in line)
        self.assertIn("the time of 'open-1d' does not exist", lines[at_ + 1])

    def test_an_empty_plan_says_so(self):
        campaign = self.campaign_of()
        campaign.feed("feed")
        campaign.post("p", "A text.", standby=True)
        campaign.write()
        self.assertIn("The plan is empty", self.ran(campaign, "--dry-run", "--only", "nothing").stdout)

    def test_faults_end_with_1_and_are_data_too(self):
        campaign = self.campaign_of()
        campaign.feed("feed")
        campaign.post("p", "A text.", standbye=True)
        campaign.write()
        for command in (["--dry-run"], ["check"], ["plan"]):
            result = self.ran(campaign, *command, codes=(1,))
            self.assertIn("schedule/campaign.yaml:", result.stderr)
            self.assertIn("standbye", result.stderr)
            found = self.ran(campaign, *command, "--format", "json", codes=(1,)).json()["diagnostics"]
            for diagnostic in found:
                self.assert_shape(diagnostic, DIAGNOSTIC)
            self.assertIn("unknown-key", [d["code"] for d in found])


class Nothing(E2E):
    """What a plan must not do."""

    READING = (["--dry-run"], ["--dry-run", "--json", "--requests"], ["check"], ["status", "--json"], ["log"],
               ["show", "p"], ["accounts"], ["hold", "all", "--dry-run"], ["release", "p", "--dry-run"])

    def setUp(self):
        self.campaign = self.campaign_of()
        self.campaign.feed("feed")
        self.campaign.post("p", "A text.", standby=True)
        self.campaign.write()

    def folder_of_service(self):
        return {p: v for p, v in fingerprint(self.campaign.folder).items() if not p.startswith("state/ledger.db-")}

    def test_nothing_is_written_without_a_ledger(self):
        before = fingerprint(self.campaign.folder)
        for command in (["--dry-run"], ["--dry-run", "--json", "--requests"], ["check"], ["status"], ["accounts"]):
            self.assertTrue(self.ran(self.campaign, *command).stdout)
        self.assertEqual(fingerprint(self.campaign.folder), before)

    def test_nothing_is_written_beside_a_ledger_or_a_running_service(self):
        self.ran(self.campaign, "run", "--once")
        before = self.folder_of_service()
        for command in self.READING:
            self.assertTrue(self.ran(self.campaign, *command).stdout)
        self.assertEqual(self.folder_of_service(), before)
        with self.campaign.service():
            for command in self.READING:
                self.assertTrue(self.ran(self.campaign, *command).stdout)
            self.assertEqual(self.campaign.state_of("p"), "standby")

    @unittest.skipUnless(os.geteuid() == 0, "denying writes and network needs root")
    def test_a_plan_needs_neither_a_network_nor_a_place_to_write(self):
        alone = self.sandboxed("--dry-run", "--json").json()
        self.assertEqual([d["change"] for d in alone["deliveries"]], ["add"])
        self.ran(self.campaign, "run", "--once")
        for command in self.READING:
            with self.subTest(" ".join(command)):
                result = self.sandboxed(*command)
                self.assertEqual(result.returncode, 0, str(result))
        self.assertEqual([d["change"] for d in self.sandboxed("--dry-run", "--json").json()["deliveries"]], ["none"])

    def sandboxed(self, *arguments):
        """In a namespace of its own: no network, and every file system read-only."""
        from harness import Result
        script = ('mount --make-rprivate / && mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" && cd "$PWD" '
                  '&& ! touch here 2>/dev/null && exec "$0" --config camp-post.yaml "$@"')
        ended = subprocess.run(["unshare", "--net", "--mount", "sh", "-c", script, program(), *arguments],
                               cwd=self.campaign.folder, env=self.campaign.environment(), capture_output=True, text=True,
                               timeout=60)
        return Result(list(arguments), ended.returncode, ended.stdout, ended.stderr)


if __name__ == "__main__":
    main()

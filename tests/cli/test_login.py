"""login: from an address and a code to a credential that works and an account in the configuration."""
import json
import re
import subprocess
import urllib.parse
import urllib.request

from harness import E2E, main


def allow(address, user):
    """What a person does in the browser; the code that is shown."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
    form = urllib.parse.urlencode(query | {"user": user}).encode()
    page = urllib.request.urlopen(address.split("?")[0], form, timeout=10).read().decode()
    return re.search(r'class="oauth-code" readonly value="([^"]+)"', page).group(1)


class Login(E2E):
    def setUp(self):
        self.server = self.books()
        self.campaign = self.campaign_of(languages=("es", "en"))
        self.campaign.feed("feed")
        self.campaign.post("p", {"en": "A text.", "es": "Un texto."}, standby=True)
        self.campaign.write()
        self.config = self.campaign.folder / "camp-post.yaml"

    def log_in(self, *words, code=None):
        """Answers the question as a person would."""
        with subprocess.Popen(self.campaign.command("login", *words), cwd=self.campaign.folder, text=True,
                              env=self.campaign.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            said, address = "", None
            while not address:
                line = process.stdout.readline()
                self.assertTrue(line, f"login ended: {said}")
                said += line
                address = re.search(r"https?://\S+/oauth/authorize\S+", said)
            typed = allow(address.group(0), "camp") if code is None else code
            said += process.communicate(typed + "\n", timeout=60)[0]
        self.campaign.said.append(said)
        self.campaign.secrets.add("t-camp")
        return process.returncode, said

    def test_a_new_account_is_added_and_its_credential_works(self):
        self.config.write_text("# Ours.\nschedules: [schedule]\nstate: state\ncredentials: credentials\naccounts:\n"
                               "  feed: {adapter: feed, directory: public/feed, languages: [en]}  # stays as it is\n")
        code, said = self.log_in("main", self.server.url)
        self.assertEqual(code, 0, said)
        self.assertIn("camp", re.search(r"We are (.*) at ", said).group(1))
        path = self.campaign.folder / "credentials" / "main.json"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(json.loads(path.read_text())["access_token"], "t-camp")
        account = {a["account"]: a for a in self.ran(self.campaign, "accounts", "--json").json()["accounts"]}["main"]
        self.assertEqual((account["adapter"], account["server"], account["languages"], account["credential_ok"]),
                         ("mastodon", self.server.url, ["es", "en"], True))
        self.assertIn("languages: [en]}  # stays as it is\n", self.config.read_text())
        self.ran(self.campaign, "check", "--online")
        self.assertEqual(self.server.statuses(), [])

    def test_lines_are_printed_where_the_configuration_is_not_edited(self):
        before = self.config.read_bytes()
        code, said = self.log_in("main", self.server.url)
        self.assertEqual(code, 0, said)
        self.assertIn(f"accounts:\n  main:\n    adapter: mastodon\n    server: {self.server.url}\n", said)
        self.assertEqual(self.config.read_bytes(), before)

    def test_an_account_of_the_configuration_needs_no_server(self):
        self.campaign.accounts["main"] = {"adapter": "mastodon", "server": self.server.url, "languages": ["en"],
                                          "credential": "token"}
        self.campaign.write()
        before = self.config.read_bytes()
        code, said = self.log_in("main")
        self.assertEqual(code, 0, said)
        self.assertEqual(self.config.read_bytes(), before)
        self.assertTrue((self.campaign.folder / "credentials" / "token.json").exists())
        other = self.ran(self.campaign, "login", "main", "https://elsewhere.example", codes=(2,))
        self.assertIn(self.server.url, other.stderr)

    def test_a_wrong_code_leaves_everything_as_it_was(self):
        before = self.config.read_bytes()
        code, said = self.log_in("main", self.server.url, code="not-the-code")
        self.assertEqual(code, 2, said)  # asked again, and nothing more was typed
        self.assertIn("did not take that code", said)
        self.assertEqual(self.config.read_bytes(), before)
        self.assertFalse((self.campaign.folder / "credentials" / "main.json").exists())

    def test_nothing_typed_is_told(self):
        result = self.ran(self.campaign, "login", "main", self.server.url, codes=(2,), stdin="")
        self.assertIn("no answer was typed", result.stderr)


if __name__ == "__main__":
    main()

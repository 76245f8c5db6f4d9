"""The README's first real campaign, word for word, against a snac2 server; then the service with the rest."""
import re
import struct
import subprocess
import time
import zlib
from pathlib import Path

from harness import E2E, at, blank, main, plain, program
from snac2 import Snac

README = Path(__file__).resolve().parents[2] / "README.md"


def picture():
    """A PNG of one pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b""))


def steps():
    """The commands of the README's section, in their order."""
    text = README.read_text(encoding="utf-8")
    section = text.split("## A first real campaign in five minutes", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"```\n(.*?)```", section, re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith(("camp-post ", "cd "))]


class FirstCampaign(E2E):
    suite = "sid"

    def setUp(self):
        self.server = Snac(self.suite)
        self.addCleanup(self.server.stop)
        self.campaign = self.campaign_of()
        self.campaign.folder.rmdir()

    def command(self, line, folder):
        """Runs one line of the README; login is answered as a person would."""
        words = line.replace("https://social.example", self.server.base).split()[1:]
        if words[0] == "login":
            return self.log_in(words, folder)
        ended = subprocess.run([program(), *words], cwd=folder, env=self.campaign.environment(),
                               capture_output=True, text=True, timeout=90)
        self.campaign.said.append(ended.stdout + ended.stderr)
        return ended.returncode, ended.stdout + ended.stderr

    def log_in(self, words, folder):
        process = subprocess.Popen([program(), *words], cwd=folder, env=self.campaign.environment(), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = ""
        address = None
        while not address:
            line = process.stdout.readline()
            if not line:
                self.fail(f"login ended: {said}")
            said += line
            address = re.search(r"https?://\S+/oauth/authorize\S+", said)
        rest, _ = process.communicate(self.server.allow(address.group(0)) + "\n", timeout=60)
        return process.returncode, said + rest

    def test_the_steps_of_the_readme_lead_to_posts_on_a_real_server(self):
        self.walk()
        self.campaign.secrets.add(self.server.facts["password"])
        self.let_the_service_do_the_rest()

    def walk(self):
        folder = self.campaign.folder.parent
        commands = steps()
        self.assertEqual([c.split()[1] for c in commands[:8]],
                         ["new", "my-campaign", "login", "check", "--dry-run", "run", "release", "run"])
        for number, line in enumerate(commands[:8]):
            if line.startswith("cd "):
                folder = self.campaign.folder
                continue
            line = line.replace("my-campaign", self.campaign.folder.name)
            code, said = self.command(line, folder)
            self.assertEqual(code, 0, f"`{line}` ended with {code}:\n{said}")
            self.assertEqual(len(self.server.statuses()), 1 if number == 7 else 0, line)
        self.assertEqual((folder / "credentials" / "mastodon-main.json").stat().st_mode & 0o777, 0o600)

    def let_the_service_do_the_rest(self):
        campaign = self.campaign
        (campaign.folder / "schedule" / "poster.png").write_bytes(picture())
        first, second = at(seconds=4), at(seconds=6)
        (campaign.folder / "schedule" / "rest.yaml").write_text(f"""posts:
  - id: poster
    at: {first}
    warning: A picture
    text: "A poster with a #FreeAssangeNOW and a link: https://example.org/a?b=1&c=2"
    media: [{{file: poster.png, alt: "One red dot & nothing else"}}]
  - id: why
    at: {second}
    thread:
      - text: "The first of two."
      - text: "The second: <b> is no tag & é is a letter."
""", encoding="utf-8")
        with campaign.service():
            self.eventually(lambda: len(self.server.statuses()) == 4, campaign, 30, "four posts")
            self.eventually(lambda: set(campaign.states().values()) == {"seen"}, campaign, 30, "all read back")
            time.sleep(1)
        self.compare(self.server.statuses())

    def compare(self, posts):
        # As it was typed: the server takes `<b>` in a text for markup, and shows it so.
        by_text = {blank(s["text"]): s for s in posts}
        self.assertEqual(len(posts), 4)
        poster = next(s for text, s in by_text.items() if text.startswith("A poster with"))
        self.assertEqual(poster["spoiler_text"], "A picture")
        self.assertEqual([m["description"] for m in poster["media_attachments"]], ["One red dot & nothing else"])
        self.assertIn("https://example.org/a?b=1&c=2", blank(plain(poster["content"])))
        one = by_text["The first of two."]
        two = by_text["The second: <b> is no tag & é is a letter."]
        self.assertEqual(two["in_reply_to_id"], one["id"])
        self.assertEqual({s["visibility"] for s in posts}, {"public"})


if __name__ == "__main__":
    main()

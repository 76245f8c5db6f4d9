"""What others read in our feed: feedparser takes the file as a feed reader would, html.parser the page."""
import html.parser
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import feedparser
except ImportError:
    sys.exit(77)

BUILD = os.environ["CAMP_POST_BUILD"]
VOID = {"meta", "link", "img", "br"}


class Nesting(html.parser.HTMLParser):
    """Every element is closed where it was opened; what it refers to is collected."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.targets, self.names = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.targets += [value for name, value in attrs if name in ("src", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


class Written(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="feed-reader-")
        subprocess.run([os.path.join(BUILD, "bin", "feed_write"), cls.folder], check=True)
        cls.feed = feedparser.parse(os.path.join(cls.folder, "feed.atom"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)


class AFeedReader(Written):
    def entry(self, key):
        return next(e for e in self.feed.entries if e.id == "urn:camp-post:" + key)

    def test_takes_it_for_a_well_formed_atom_feed(self):
        self.assertFalse(self.feed.bozo, self.feed.get("bozo_exception"))
        self.assertEqual(self.feed.version, "atom10")
        self.assertEqual(self.feed.feed.title, "Free Assange NOW")
        self.assertEqual(self.feed.feed.link, "https://example.org/news/")
        self.assertEqual(self.feed.feed.updated, self.feed.entries[0].updated)

    def test_sees_the_newest_first_and_each_once(self):
        keys = [e.id.rsplit(":", 1)[1] for e in self.feed.entries]
        self.assertEqual(keys, ["warned", "arabic", "why-3", "why-2", "why-1", "carta",
                                "statement"])

    def test_reads_the_text_exactly_as_it_was_sent(self):
        content = self.entry("statement").content[0]
        self.assertEqual(content.type, "text/plain")
        self.assertEqual(content.language, "en")
        self.assertEqual(content.value, 'The #statement of today:\n\nno <one> & "nothing" '
                                        "https://example.org/a?b=1&c=2")
        self.assertIn("💌", self.entry("carta").content[0].value)

    def test_gets_title_link_time_tag_and_picture(self):
        entry = self.entry("statement")
        self.assertEqual(entry.title, "The #statement of today:")
        self.assertEqual(entry.link, "https://example.org/news/#statement")
        self.assertEqual(entry.published, "2022-02-15T13:28:00Z")
        self.assertEqual([t.term for t in entry.tags], ["statement"])
        picture = entry.enclosures[0]
        self.assertEqual((picture.type, picture.title),
                         ("image/png", "A poster: a hand holds a pen"))
        self.assertTrue(picture.href.startswith("https://example.org/news/media/"))
        name = picture.href.rsplit("/", 1)[1]
        self.assertTrue(os.path.exists(os.path.join(self.folder, "media", name)))

    def test_is_warned_before_it_shows_the_text(self):
        entry = self.entry("warned")
        self.assertEqual((entry.title, entry.summary), ("Describes violence",) * 2)

    def test_finds_what_an_answer_answers(self):
        self.assertEqual(self.entry("why-2")["thr_in-reply-to"]["ref"], "urn:camp-post:why-1")


class ThePage(Written):
    def setUp(self):
        with open(os.path.join(self.folder, "index.html"), encoding="utf-8") as file:
            self.page = file.read()

    def test_everything_is_nested_and_nothing_comes_from_elsewhere(self):
        parser = Nesting()
        parser.feed(self.page)
        parser.close()
        self.assertEqual((parser.wrong, parser.open), ([], []))
        self.assertNotIn("script", parser.names)
        self.assertTrue(parser.targets)
        for target in parser.targets:
            self.assertTrue(target.startswith("media/"), target)

    def test_a_thread_stands_together_in_the_order_it_was_written(self):
        places = [self.page.index('<article id="%s"' % key)
                  for key in ("arabic", "why-1", "why-2", "why-3", "carta")]
        self.assertEqual(places, sorted(places))

    def test_each_article_says_its_language(self):
        for key, language in (("carta", "es"), ("arabic", "ar"), ("why-1", "pt")):
            self.assertIn('<article id="%s" lang="%s"' % (key, language), self.page)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0]])

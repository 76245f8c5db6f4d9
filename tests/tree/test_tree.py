"""What the tree looks like: its top level, its layout, and words that it must not hold."""
import os
import re
import shutil
import subprocess
import sys
import unittest

from tree_files import ROOT, files, text_of

TOP_LEVEL = {"CMakeLists.txt", "README.md", "LICENSE", "src", "plugins", "config", "tests",
             "contrib"}

# Put together here, so that this file does not hold what it looks for.
UNFINISHED = re.compile(r"(?<!\")\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"])
                        + r")\b|not (yet )?" + "implemented", re.I)
MACHINE_BOUND = re.compile(r"(?<![\w.:-])/(work|farm)/|" + "|".join(
    re.escape(name) for name in ("deb." + "debian.org", "registry." + "npmjs.org")))
VECTORS = "shared/" + "vectors"


def lines_with(pattern, names):
    for name in names:
        for number, line in enumerate(text_of(name) or [], 1):
            if pattern.search(line):
                yield f"{name}:{number}: {line.strip()[:100]}"


def sources():
    return [name for name in files() if name.endswith((".c", ".h"))]


class TheTree(unittest.TestCase):
    def test_the_top_level_holds_only_what_belongs_there(self):
        top = {name.split("/")[0] for name in files()}
        self.assertEqual({n for n in top if not n.startswith(".")} - TOP_LEVEL, set())

    def test_nothing_in_the_code_says_that_it_is_unfinished(self):
        code = [n for n in files() if n.startswith(("src/", "plugins/"))]
        self.assertEqual(list(lines_with(UNFINISHED, code)), [])

    def test_no_line_is_bound_to_one_machine_or_mirror(self):
        self.assertEqual(list(lines_with(MACHINE_BOUND, files())), [])

    def test_only_the_ci_script_knows_where_outside_vectors_lie(self):
        found = list(lines_with(re.compile(re.escape(VECTORS)), files()))
        self.assertEqual([line for line in found if not line.startswith(".ci/run:")], [])

    def test_scripts_that_are_run_are_executable(self):
        for name in files():
            lines = text_of(name) if os.path.isfile(os.path.join(ROOT, name)) else None
            if lines and lines[0].startswith("#!") and not name.endswith(".in"):
                self.assertTrue(os.access(os.path.join(ROOT, name), os.X_OK), name)

    def test_the_layout_is_what_clang_format_14_makes(self):
        # Other versions lay out some lines differently, so only one can be the judge.
        tool = shutil.which("clang-format-14")
        if not tool:
            self.skipTest("clang-format-14 is not here")
        check = subprocess.run([tool, "--dry-run", "-Werror", "--style=file"] + sources(), cwd=ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(check.returncode, 0, check.stdout[-3000:])


class TheSearch(unittest.TestCase):
    def test_planted_words_are_found_and_innocent_ones_are_not(self):
        rows = [(UNFINISHED, "/* TO" + "DO: later */", True), (UNFINISHED, "mastodon", False),
                (UNFINISHED, "is not " + "implemented", True), (UNFINISHED, "chacks", False),
                (MACHINE_BOUND, "cd /wo" + "rk/main", True),
                (MACHINE_BOUND, "https://example.org/work/", False),
                (MACHINE_BOUND, "http://deb." + "debian.org/debian", True)]
        for pattern, line, expected in rows:
            with self.subTest(line):
                self.assertEqual(bool(pattern.search(line)), expected)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0]])

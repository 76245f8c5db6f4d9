"""The modules include only what lies below them, and the checker notices when they do not."""
import os
import shutil
import sys
import tempfile
import unittest

import layers

ROOT = os.environ.get("CAMP_POST_TREE") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class TheTree(unittest.TestCase):
    def test_every_include_goes_down_to_a_module_that_the_build_file_names(self):
        self.assertEqual(layers.Tree(ROOT).complaints(), [])


class ThePlantedMistakes(unittest.TestCase):
    """Each row plants one file in a small tree and says what must be reported, or None."""

    ROWS = [
        ("a climb", "src/base/x.c", '#include "model/model.h"', "climbs from base (1) to model"),
        ("a climb in angle brackets", "src/base/x.c", "#include <model/model.h>", "climbs"),
        ("a climb by a path", "src/base/x.c", '#include "../model/model.h"', "climbs"),
        ("a step aside", "src/text/x.c", '#include "time/time.h"', "goes sideways"),
        ("a module that is not named", "src/plan/x.c", '#include "time/time.h"', "does not name"),
        ("a header that is nowhere", "src/base/x.c", '#include "base/none.h"', "no header"),
        ("another's private header", "src/model/x.c", '#include "base/base_private.h"', "private"),
        ("a plugin that looks inside", "plugins/p/x.c", '#include "base/base.h"', "may see"),
        ("a plugin at another's file", "plugins/p/x.c", '#include "../q/q.h"', "may see"),
        ("a module without a level", "src/extra/x.c", '#include "base/base.h"', "without a level"),
        ("a named module", "src/model/x.c", '#include "base/base.h"', None),
        ("one that comes with a named one", "src/plan/x.c", '#include "base/base.h"', None),
        ("the adapter header", "src/base/x.c", "#include <camp-post/adapter.h>", None),
        ("an outside library", "src/base/x.c", "#include <time.h>", None),
        ("a plugin's own file", "plugins/q/x.c", '#include "q.h"', None),
    ]

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="layers-")
        self.addCleanup(shutil.rmtree, self.root)
        for module, links in (("base", ""), ("time", "PUBLIC base"), ("text", "PUBLIC base"),
                              ("model", "PUBLIC base"), ("plan", "PRIVATE model PkgConfig::X")):
            self.write(f"src/{module}/{module}.h", "")
            self.write(f"src/{module}/CMakeLists.txt",
                       f"cp_module({module}\n    SOURCES {module}.c # base\n    {links})\n")
        self.write("src/base/base_private.h", "")
        self.write("src/abi/camp-post/adapter.h", "")
        self.write("plugins/q/q.h", "")

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_each_planted_include_is_judged_as_its_row_says(self):
        for name, path, line, expected in self.ROWS:
            with self.subTest(name):
                self.write(path, f"/* first */\n{line}\n")
                found = layers.Tree(self.root).complaints()
                os.remove(os.path.join(self.root, path))
                if expected is None:
                    self.assertEqual(found, [])
                else:
                    self.assertEqual(len(found), 1, found)
                    self.assertIn(expected, found[0])
                    self.assertTrue(found[0].startswith(f"{path}:2: "), found[0])

    def test_a_build_file_that_links_upwards_is_reported(self):
        self.write("src/base/CMakeLists.txt", "cp_module(base SOURCES a.c PRIVATE model)")
        found = layers.Tree(self.root).complaints()
        self.assertIn("src/base/CMakeLists.txt: links 'model', which is not below it", found)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0]])

"""The service units are ones that systemd understands, and the system's is shut tight."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from tree_files import ROOT

UNITS = os.path.join(ROOT, "contrib", "systemd")
# Tenths of systemd's own scale from 0 (shut) to 10 (open). What is left is the network itself.
EXPOSURE = 11


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not here")
class TheUnits(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="units-")
        self.addCleanup(shutil.rmtree, self.folder)

    def unit(self, name):
        """A copy whose program exists, as camp-post need not be installed here."""
        with open(os.path.join(UNITS, name), encoding="utf-8") as file:
            text = file.read().replace("ExecStart=/usr/bin/camp-post ", "ExecStart=/bin/true ")
        self.assertIn("ExecStart=/bin/true ", text)
        path = os.path.join(self.folder, "camp-post.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def analyze(self, *arguments):
        env = dict(os.environ, XDG_RUNTIME_DIR=self.folder)
        return subprocess.run(["systemd-analyze", "--no-pager", *arguments], env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_systemd_understands_every_line(self):
        for name, manager in (("camp-post.service", "--system"), ("user/camp-post.service", "--user")):
            with self.subTest(name):
                result = self.analyze(manager, "verify", self.unit(name))
                self.assertEqual(result.returncode, 0, result.stdout)
                self.assertNotIn("camp-post.service:", result.stdout)

    def test_the_system_unit_exposes_no_more_than_the_network(self):
        result = self.analyze("security", "--offline=yes", f"--threshold={EXPOSURE}",
                              self.unit("camp-post.service"))
        self.assertEqual(result.returncode, 0, result.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0]])

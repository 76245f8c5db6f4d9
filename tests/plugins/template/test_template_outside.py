"""The template, built as somebody outside would: from the installed header, with make and pkg-config."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ["CAMP_POST_BUILD"]
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TOOLS = ("cmake", "make", "pkg-config", "cc")

if not all(shutil.which(tool) for tool in TOOLS):
    sys.exit(77)


class Outside(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="template-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.stage = os.path.join(self.folder, "stage")
        self.run_it(["cmake", "--install", BUILD, "--component", "development"],
                    DESTDIR=self.stage)
        found = [where for where, _, names in os.walk(self.stage) if "camp-post.pc" in names]
        self.assertEqual(len(found), 1)
        self.env = {"PKG_CONFIG_PATH": found[0], "PKG_CONFIG_SYSROOT_DIR": self.stage}
        self.work = os.path.join(self.folder, "work")
        shutil.copytree(os.path.join(ROOT, "contrib", "adapter-template"), self.work)

    def run_it(self, command, cwd=None, **env):
        done = subprocess.run(command, cwd=cwd, env={**os.environ, **env}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.strip()

    def test_it_builds_from_what_is_installed_and_is_taken(self):
        # libjansson is not in the staged folder: its own flags come without it.
        makefile = {"CPPFLAGS": "", "CFLAGS": "-O1 -Wall -Wextra -Werror"}
        self.run_it(["make"], cwd=self.work, **self.env, **makefile)
        self.run_it([os.path.join(BUILD, "bin", "test_template"), self.work])

    def test_it_installs_where_camp_post_looks(self):
        target = os.path.join(self.folder, "target")
        self.run_it(["make", "install", "DESTDIR=" + target], cwd=self.work, **self.env)
        plugins = self.run_it(["pkg-config", "--variable=plugindir", "camp-post"], **self.env)
        self.assertTrue(plugins.endswith("camp-post/plugins"), plugins)
        self.assertTrue(os.path.exists(os.path.join(target, plugins.lstrip("/"), "template.so")))
        self.assertEqual(self.run_it(["pkg-config", "--variable=abi", "camp-post"], **self.env), "1")


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main(verbosity=2, argv=[sys.argv[0]])

"""model, plan and engine call nothing that reaches outside, and the checker sees it if they do."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import symbols

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOWED = os.path.join(HERE, "allowed-symbols.txt")
BUILD = os.environ["CAMP_POST_BUILD"]


class TheBuild(unittest.TestCase):
    def test_the_pure_modules_call_only_what_is_allowed(self):
        self.assertEqual(symbols.complaints(symbols.libraries(BUILD), ALLOWED), [])

    def test_the_libraries_are_where_this_test_looks_for_them(self):
        self.assertIn("base", symbols.libraries(BUILD))


class ThePlantedCalls(unittest.TestCase):
    PURE = "int cp_plan_x(int a) { return a + 1; }"
    ROWS = [
        ("open", "int open(const char *, int, ...); int cp_plan_x(void) { return open(\"a\", 0); }"),
        ("clock_gettime", "int clock_gettime(int, void *);"
                          "int cp_plan_x(void) { return clock_gettime(0, (void *)8); }"),
        ("time", "long time(long *); long cp_plan_x(void) { return time((long *)0); }"),
        ("getenv", "char *getenv(const char *); char *cp_plan_x(void) { return getenv(\"A\"); }"),
        ("rand", "int rand(void); int cp_plan_x(void) { return rand(); }"),
        ("json_load_file", "void *json_load_file(const char *, long, void *);"
                           "void *cp_plan_x(void) { return json_load_file(\"a\", 0, 0); }"),
        ("cp_clock_now", "long cp_clock_now(void); long cp_plan_x(void) { return cp_clock_now(); }"),
        ("cp_engine_y", "int cp_engine_y(void); int cp_plan_x(void) { return cp_engine_y(); }"),
    ]

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="symbols-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.archives = {
            "time": self.archive("time", "long cp_clock_now(void) { return 1; }"
                                         "long cp_time_of(long a) { return a; }"),
            "engine": self.archive("engine", "int cp_engine_y(void) { return 1; }"),
        }

    def archive(self, module, source):
        base = os.path.join(self.folder, module)
        with open(base + ".c", "w", encoding="utf-8") as file:
            file.write(source)
        subprocess.run(["cc", "-w", "-O1", "-fno-builtin", "-c", base + ".c", "-o", base + ".o"],
                       check=True)
        subprocess.run(["ar", "rcs", base + ".a", base + ".o"], check=True)
        os.remove(base + ".o")
        return base + ".a"

    def complaints(self, source):
        archives = dict(self.archives, plan=self.archive("plan", source))
        return symbols.complaints(archives, ALLOWED)

    def test_each_planted_call_is_reported_by_name(self):
        for name, source in self.ROWS:
            with self.subTest(name):
                found = self.complaints(source)
                self.assertEqual(len(found), 1, found)
                self.assertIn(f"plan calls '{name}'", found[0])

    def test_pure_code_and_a_module_below_are_allowed(self):
        self.assertEqual(self.complaints(self.PURE), [])
        self.assertEqual(self.complaints("long cp_time_of(long);"
                                         "long cp_plan_x(void) { return cp_time_of(1); }"), [])
        self.assertEqual(self.complaints("char *strchr(const char *, int);"
                                         "char *cp_plan_x(char *a) { return strchr(a, 1); }"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0]])

"""The test runner counts what programs print, and never takes a crash for a pass."""
import importlib.machinery
import importlib.util
import os
import sys
import unittest

RUNNER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "run-tests")


def load_runner():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("run_tests", RUNNER)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    loader.exec_module(module)
    return module


runner = load_runner()

CMOCKA_MIXED = """[==========] Running 3 test(s).
[ RUN      ] one
[       OK ] one
[ RUN      ] two
[  ERROR   ] --- 1 != 2
[  FAILED  ] two
[ RUN      ] three
[  SKIPPED ] three
[==========] 3 test(s) run.
[  PASSED  ] 1 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  SKIPPED ] three
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] two
"""
UNITTEST_MIXED = """test_a (__main__.T.test_a) ... ok
test_b (__main__.T.test_b) ... skipped 'no net'
test_c (__main__.T.test_c) ... FAIL
test_d (__main__.T.test_d) ... ERROR
FAIL: test_c (__main__.T.test_c) [first row]
FAIL: test_c (__main__.T.test_c) [second row]
ERROR: test_d (__main__.T.test_d)
Ran 4 tests in 0.001s

FAILED (failures=2, errors=1, skipped=1)
"""
UNITTEST_QUIET_SKIP = "s\nRan 1 test in 0.001s\n\nOK (skipped=1)\n"


class Counting(unittest.TestCase):
    ROWS = [
        ("cmocka, mixed", CMOCKA_MIXED, "Failed", (1, ["p/two"], ["p/three"])),
        ("unittest, mixed", UNITTEST_MIXED, "Failed", (1, ["p/test_c", "p/test_d"], ["p/test_b"])),
        ("a skip without a name", UNITTEST_QUIET_SKIP, "Passed", (0, [], ["p/?"])),
        ("a crash after a pass", "[       OK ] one\n==1==ERROR: AddressSanitizer", "Failed",
         (1, ["p (Failed)"], [])),
        ("a run inside a run", "    [       OK ] one\n    [  FAILED  ] two\n", "Failed",
         (0, ["p (Failed)"], [])),
        ("the time limit", "[       OK ] one\n", "Timeout", (1, ["p (Timeout)"], [])),
        ("a program that is not there", "", "Not Run", (0, ["p (Not Run)"], [])),
        ("a plain program", "", "Passed", (1, [], [])),
        ("a skipped program", "skipped: no root\n", "Skipped", (0, [], ["p"])),
    ]

    def test_each_output_is_counted_as_its_row_says(self):
        for name, output, status, expected in self.ROWS:
            with self.subTest(name):
                case = runner.Case("p")
                case.lines = output.splitlines()
                case.finish(status)
                self.assertEqual((case.passed, case.failed, case.skipped), expected)

    def test_ctests_own_lines_are_understood(self):
        rows = [("  1/12 Test  #3: test_base ........................   Passed    0.03 sec",
                 ("3", "test_base", "Passed", "0.03")),
                (" 10/12 Test #10: x ......***Failed    1.20 sec", ("10", "x", "Failed", "1.20")),
                ("1/1 Test #1: x ......***Timeout  60.02 sec", ("1", "x", "Timeout", "60.02")),
                ("1/1 Test #1: x ......***Skipped   0.02 sec", ("1", "x", "Skipped", "0.02")),
                ("1/1 Test #1: x ......***Exception: SegFault  0.10 sec",
                 ("1", "x", "Exception: SegFault", "0.10")),
                ("1/1 Test #1: x ......Subprocess aborted***Exception:   0.10 sec",
                 ("1", "x", "Subprocess aborted***Exception:", "0.10"))]
        for line, expected in rows:
            with self.subTest(line):
                self.assertEqual(runner.ENDED.match(line).groups(), expected)

    def test_a_skip_that_is_not_listed_fails_the_run(self):
        for listed, failures in (({"p": "why"}, 0), ({}, 1)):
            report = runner.Report(1, listed)
            case = runner.Case("p")
            case.finish("Skipped")
            report.add(case, "Skipped", 0.0)
            self.assertEqual(report.close(), failures)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0]])

"""control.py DEFECT.patch SCRIPT TEST…: builds camp-post with a planted defect and wants the tests to fail.

They must fail by finding the harm (a post that is not there exactly once), not by not running at all.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HARM = "posts that are not there exactly once"


def build(patch, folder):
    source = folder / "source"
    source.mkdir()
    for name in ("CMakeLists.txt", "src", "plugins", "contrib"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    subprocess.run(["patch", "--quiet", "-p1", "-i", str(HERE / patch)], cwd=source, check=True)
    run = {"cwd": source, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "-S", ".", "-B", "build", "-DCAMP_POST_TESTS=OFF", "-DCMAKE_BUILD_TYPE=Debug"], **run)
    subprocess.run(["cmake", "--build", "build", "-j2"], **run)
    return source / "build"


def main():
    patch, script, tests = sys.argv[1], sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory(prefix="control-") as folder:
        made = build(patch, Path(folder))
        env = os.environ | {"CAMP_POST": str(made / "bin" / "camp-post"), "CAMP_POST_PLUGINS": str(made / "plugins"),
                            "CAMP_POST_KILLS": "60", "CAMP_POST_POSTS": "150"}
        ended = subprocess.run(["/usr/bin/python3", "-B", str(ROOT / "tests" / "e2e" / script), "-v", *tests],
                               env=env, capture_output=True, text=True)
    said = ended.stdout + ended.stderr
    # Indented: whoever counts failed cases must not take the ones that were wanted for real.
    print("\n".join("  | " + line for line in said[-3000:].splitlines()))
    if ended.returncode == 0:
        sys.exit(f"{patch}: the defect was not found by {' '.join(tests)}")
    if HARM not in said:
        sys.exit(f"{patch}: {' '.join(tests)} failed, but not because of the defect")
    print(f"{patch}: found by {' '.join(tests)}")


if __name__ == "__main__":
    main()

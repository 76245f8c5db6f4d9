"""The files that make up the tree, with git or (in an exported copy) without."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = ("build", ".git", "__pycache__", ".cache")


def _with_git(root):
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "-C", root, "ls-files", "-z", "--cached",
         "--others", "--exclude-standard"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if listing.returncode != 0:
        return None
    names = listing.stdout.decode().split("\0")
    return [name for name in names if name and os.path.lexists(os.path.join(root, name))]


def _by_walking(root):
    found = []
    for where, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(SKIPPED))
        found += [os.path.relpath(os.path.join(where, name), root) for name in names]
    return found


def files(root=ROOT):
    listed = None
    if os.path.exists(os.path.join(root, ".git")):
        try:
            listed = _with_git(root)
        except FileNotFoundError:
            pass
    return sorted(listed if listed is not None else _by_walking(root))


def text_of(name, root=ROOT):
    """The file's lines, or None if it is a picture or other data."""
    with open(os.path.join(root, name), "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    return data.decode("utf-8", errors="replace").splitlines()

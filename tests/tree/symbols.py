"""What static libraries leave undefined, against a list of what is allowed.

Names nm from binutils. Sees code, not headers: a call that a macro or an inline function
hides counts like any other.
"""
import fnmatch
import os
import subprocess

from layers import LEVELS

PURE = ("model", "plan", "engine")


def read_allowed(path):
    """(allowed patterns, forbidden patterns)."""
    allowed, forbidden = [], []
    with open(path, encoding="utf-8") as lines:
        for line in map(str.strip, lines):
            if line.startswith("!"):
                forbidden.append(line[1:])
            elif line and not line.startswith("#"):
                allowed.append(line)
    return allowed, forbidden


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def nm(option, archive):
    listing = subprocess.run(["nm", "-P", option, archive], check=True, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    lines = (line.split() for line in listing.splitlines() if not line.endswith(":"))
    return {words[0].split("@")[0] for words in lines if len(words) > 1}


def libraries(build):
    """module -> its static library in the build folder."""
    found = {}
    for module in LEVELS:
        path = os.path.join(build, "src", module, f"libcp-{module}.a")
        if os.path.exists(path):
            found[module] = path
    return found


def complaints(archives, allowed_file, pure=PURE):
    allowed, forbidden = read_allowed(allowed_file)
    owner = {}
    for module, path in archives.items():
        owner.update({name: module for name in nm("--defined-only", path)})
    found = []
    for module in pure:
        if module in archives:
            for name in sorted(nm("-u", archives[module])):
                reason = judge(module, name, owner.get(name), allowed, forbidden)
                if reason:
                    found.append(f"{module} calls '{name}': {reason}")
    return found


def judge(module, name, owner, allowed, forbidden):
    """Why `module` must not use `name`; None if it may."""
    if owner == module:
        return None
    if matches(name, forbidden):
        return "forbidden by name"
    if owner is not None:
        return None if LEVELS[owner] < LEVELS[module] else f"{owner} is not below it"
    return None if matches(name, allowed) else "not on the list of what is allowed"

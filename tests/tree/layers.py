"""Who may include whom: reads the #include lines and the build files of a tree.

Modules live in src/<module>. A module includes only modules of a smaller level, and of those
only the ones its CMakeLists.txt names or that come with a named one as PUBLIC. A plugin sees
<camp-post/adapter.h>, its own files and outside libraries.
"""
import os
import re

LEVELS = {
    "abi": 0, "base": 1, "text": 2, "time": 2, "model": 3, "schedule": 4, "plan": 4, "engine": 4,
    "loop": 5, "ledger": 6, "transport": 6, "adapter": 6, "service": 7, "cli": 8,
}
ADAPTER_HEADER = "camp-post/adapter.h"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CP_MODULE = re.compile(r"cp_module\s*\(\s*(\w+)([^)]*)\)", re.S)


def sources(folder):
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.join(where, name)


def includes(path):
    """Yields (line number, quoted or not, name)."""
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1) == '"', match.group(2)


def read_build_file(path):
    """module -> {"PUBLIC": [modules], "PRIVATE": [modules]} of one CMakeLists.txt."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"#.*", "", file.read())
    modules = {}
    for name, rest in CP_MODULE.findall(text):
        named, scope = {"PUBLIC": [], "PRIVATE": []}, None
        for word in rest.split():
            if word in ("SOURCES", "PUBLIC", "PRIVATE"):
                scope = word
            elif scope in named and word in LEVELS:
                named[scope].append(word)
        modules[name] = named
    return modules


class Tree:
    def __init__(self, root):
        self.root = root
        self.src = os.path.join(root, "src")
        self.built = {}
        for module in sorted(os.listdir(self.src)):
            build_file = os.path.join(self.src, module, "CMakeLists.txt")
            if os.path.exists(build_file):
                self.built.update(read_build_file(build_file))

    def complaints(self):
        found = []
        for module, named in self.built.items():
            found += self._check_links(module, named)
        for path in sources(self.src):
            found += self._check_source(path)
        for path in sources(os.path.join(self.root, "plugins")):
            found += self._check_plugin(path)
        return found

    def _check_links(self, module, named):
        if module not in LEVELS:
            return [f"src/{module}/CMakeLists.txt: module '{module}' has no level"]
        return [f"src/{module}/CMakeLists.txt: links '{other}', which is not below it"
                for other in named["PUBLIC"] + named["PRIVATE"]
                if LEVELS[other] >= LEVELS[module]]

    def reachable(self, module):
        """What the build file of `module` names, and what comes with that as PUBLIC."""
        named = self.built[module]
        todo, seen = named["PUBLIC"] + named["PRIVATE"], set()
        while todo:
            other = todo.pop()
            if other not in seen:
                seen.add(other)
                todo += self.built.get(other, {"PUBLIC": []})["PUBLIC"]
        return seen

    def _ours(self, path, quoted, name):
        """The module a header belongs to; None if it is not ours."""
        if name == ADAPTER_HEADER:
            return "abi"
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if quoted and os.path.exists(beside):
            return os.path.relpath(beside, self.src).split(os.sep)[0]
        if os.path.exists(os.path.join(self.src, name)):
            return os.path.normpath(name).split(os.sep)[0]
        return "?" if quoted else None

    def _check_source(self, path):
        module = os.path.relpath(path, self.src).split(os.sep)[0]
        for number, quoted, name in includes(path):
            reason = self._reason(module, self._ours(path, quoted, name), name)
            if reason:
                yield f"{os.path.relpath(path, self.root)}:{number}: '{name}' {reason}"

    def _reason(self, module, other, name):
        if other is None or other == module:
            return None
        if other not in LEVELS:
            return "is no header of this tree"
        if module not in LEVELS:
            return f"is included by '{module}', a module without a level"
        if LEVELS[other] > LEVELS[module]:
            return f"climbs from {module} ({LEVELS[module]}) to {other} ({LEVELS[other]})"
        if LEVELS[other] == LEVELS[module]:
            return f"goes sideways from {module} to {other} (both {LEVELS[other]})"
        if name.endswith("_private.h"):
            return f"is private to {other}"
        # A module without a build file has headers alone: nothing of it is built yet.
        if module in self.built and other != "abi" and other not in self.reachable(module):
            return f"belongs to {other}, which src/{module}/CMakeLists.txt does not name"
        return None

    def _check_plugin(self, path):
        plugin = os.path.join(*os.path.relpath(path, self.root).split(os.sep)[:2])
        own = os.path.join(self.root, plugin)
        for number, quoted, name in includes(path):
            if name == ADAPTER_HEADER:
                continue
            places = [os.path.normpath(os.path.join(folder, name))
                      for folder in (os.path.dirname(path), own)]
            if quoted and any(os.path.exists(place) and place.startswith(own + os.sep)
                              for place in places):
                continue
            if quoted or os.path.exists(os.path.join(self.src, name)):
                yield (f"{os.path.relpath(path, self.root)}:{number}: '{name}' is more than "
                       f"a plugin may see: <{ADAPTER_HEADER}>, its own files, outside libraries")

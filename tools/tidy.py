#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of the tree that no compiler checks: layering, sizes, banned calls, headers, the module table.

usage: tidy.py [ROOT]     exit 0: clean; 1: findings, one a line: file:line: what (why)
"""

import dataclasses
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import cpp_source

CPP = (".h", ".cc", ".c")
SPDX = "SPDX-License-Identifier: Apache-2.0"
SOURCE_LINES, HEADER_LINES, TEST_LINES, FUNCTION_LINES = 600, 300, 800, 60
COLUMNS, PARAMETERS, FOLDER_PAIRS, ARCHITECTURE_LINES = 100, 6, 25, 250
HEADER_COMMENT = range(2, 13)

# Call -> (pattern, folders or files under src/ that may use it, what to do instead and why).
BANNED = {
    "clock": (
        r"\b(?:system|steady|high_resolution|utc|file)_clock::now\b|\bgettimeofday\b|\bclock_gettime\b"
        r"|\bstd::time\s*\(|(?<![\w.>])time\s*\(\s*(?:nullptr|NULL)\s*\)",
        ("core/",),
        "take a Clock (core/clock.h): tests and the simulator own the time",
    ),
    "sleep": (
        r"\bsleep_for\b|\bsleep_until\b|\busleep\s*\(|\bnanosleep\s*\(|(?<![\w.:>])sleep\s*\(",
        ("core/",),
        "use Clock::SleepFor, which a stop request interrupts and tests can skip",
    ),
    "random": (
        r"\bstd::rand\b|(?<![\w.:>])s?rand\s*\(|\brandom_device\b|\bmt19937(?:_64)?\b|\bdefault_random_engine\b",
        ("core/",),
        "take a Random (core/random.h): a failure must be repeatable from its seed",
    ),
    "print": (
        r"\bstd::(?:cout|cerr|clog)\b|(?<![\w.>])(?:std::)?f?printf\s*\(|(?<![\w.>])(?:std::)?f?puts\s*\("
        r"|\bfmt::print\b|\bstd::print(?:ln)?\b",
        ("app/", "core/check.cc", "telemetry/stream_logger.cc"),
        "log through telemetry::Logger: standard output belongs to the commands in app/",
    ),
    "throw": (r"\bthrow\b", (), "return an Error: our code never throws"),
    "detach": (
        r"\.\s*detach\s*\(\s*\)|->\s*detach\s*\(\s*\)",
        (),
        "keep the std::jthread and join it: a detached thread outlives what it uses",
    ),
    "thread": (r"\bstd::thread\b(?!::)|\bstd::async\b", (), "use std::jthread, which joins and can be asked to stop"),
    "new": (r"(?<!\w)new\s+[A-Za-z_:(]", (), "use std::make_unique, or wrap it on the same line in std::unique_ptr"),
    "delete": (
        r"(?<!=)(?<!= )(?<!operator )\bdelete\b\s*(?:\[\s*\])?\s*[A-Za-z_*(]",
        (),
        "let a unique_ptr own it: an early return would leak",
    ),
    "assert": (r"(?<![\w.])assert\s*\(", (), "use CHECK, which is on in every build"),
    "exit": (
        r"(?<![\w.>])(?:std::)?(?:exit|_exit|_Exit|quick_exit)\s*\(",
        ("app/",),
        "return an Error: only main() ends the process",
    ),
}
# A test may play the part of a process that dies, of a library that throws, and may print its seed.
TESTS_MAY = ("exit", "throw", "print")
_OWNED_NEW = re.compile(
    r"(?:unique_ptr|shared_ptr)\s*(?:<[^;]*>)?\s*\(\s*new\b|\.reset\s*\(\s*new\b|_ptr<.*[({]\s*new\b|\w_\s*[({]\s*new\b"
)

# Include prefix -> (modules that may use it, what may be included anywhere). Heavy headers cost seconds in every file
# that sees them and tie their users to a dependency, so a header that other modules include never pulls them in.
HEAVY = {
    "arrow/": (
        ("decode", "buffer", "write", "engine", "embed", "app"),
        ("arrow/type_fwd.h", "arrow/status.h", "arrow/result.h"),
    ),
    "parquet/": (("write",), ()),
    "nlohmann/": (None, ("nlohmann/json_fwd.hpp",)),
    "simdjson": (("decode",), ()),
    "google/protobuf/": (("decode",), ()),
    "sqlite3": (("commit", "catalog"), ()),
    "librdkafka/": (("kafka",), ()),
    "boost/": (("server",), ()),
    "CLI/": (("app",), ()),
    "toml++/": (("config",), ()),
    "curl/": (("net",), ()),
    "libpq-fe.h": (("catalog",), ()),
    "thrift/": (("catalog",), ()),
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
_MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:home|root|work|Users)/[\w.-]")
_UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
# Version control, caches, golden files, and what the program itself leaves behind when it is tried out here.
_EXPRESSION = re.compile(r"\bTRY\(|[][(){},]")
_NEW_BEFORE = re.compile(r"\bnew\s+[\w:<>]+$")
# clang-format puts a space before the brace of a block, and none after a type's name.
_LIST_BEFORE = re.compile(r"(?:[\w>]|[=,({]\s*|\breturn\s)$")
_SKIPPED_FOLDERS = {
    ".git",
    "__pycache__",
    "testdata",
    "node_modules",
    "kafka-iceberg-demo",
    "kafka-iceberg-state",
}


@dataclasses.dataclass(frozen=True)
class Finding:
    rule: str
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} [{self.rule}]"


class Tree:
    """The files of the project and what is in them, read once."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.findings: list[Finding] = []
        self.texts: dict[str, str] = {}
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root)
            top = relative.parts[0]
            if (
                _SKIPPED_FOLDERS & set(relative.parts)
                or top == "build"
                or top.startswith("build-")
                or not path.is_file()
            ):
                continue
            try:
                self.texts[relative.as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
        self.cpp = {file: text for file, text in self.texts.items() if file.endswith(CPP)}
        self.modules = sorted(
            {file.split("/")[1] for file in self.texts if file.startswith("src/") and file.count("/") > 1}
        )

    def add(self, rule: str, file: str, line: int, message: str) -> None:
        self.findings.append(Finding(rule, file, line, message))


def is_test(file: str) -> bool:
    return file.endswith("_test.cc") or file.endswith("_conformance.h") or "/fake_" in file or file.startswith("tests/")


def module_of(file: str) -> str | None:
    parts = file.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def check_layering(tree: Tree) -> None:
    dependencies: dict[str, list[str]] = {}
    for module in tree.modules:
        listing = f"src/{module}/CMakeLists.txt"
        call = re.search(r"add_module\(\s*(\w+)(?:\s+DEPS([^)]*?))?(?:\s+LIBS[^)]*)?\)", tree.texts.get(listing, ""))
        if not call or call[1] != module:
            tree.add("layering", listing, 1, f"no add_module({module} ...): one folder is one module of the same name")
            continue
        dependencies[module] = (call[2] or "").split()

    def reached(module: str, path: tuple[str, ...] = ()) -> set[str]:
        if module in path:
            tree.add(
                "layering",
                f"src/{module}/CMakeLists.txt",
                1,
                "modules depend on each other in a circle: "
                + " <- ".join((*path[path.index(module) :], module))
                + "; CMake would accept it silently",
            )
            return set()
        return {module}.union(*(reached(used, (*path, module)) for used in dependencies.get(module, [])))

    reach = {module: reached(module) for module in dependencies}
    for file, text in tree.cpp.items():
        module = module_of(file)
        if module not in reach:
            continue
        for include in _INCLUDE.finditer(text):
            used = include[1].split("/")[0]
            if used in dependencies and used not in reach[module]:
                tree.add(
                    "layering",
                    file,
                    line_of(text, include.start(1)),
                    f"{module} may not include {include[1]}: "
                    f"{used} is not among what src/{module}/CMakeLists.txt reaches through DEPS",
                )


def check_include_cycles(tree: Tree) -> None:
    headers = {file.removeprefix("src/"): file for file in tree.cpp if file.startswith("src/") and file.endswith(".h")}
    graph = {
        name: [found[1] for found in _INCLUDE.finditer(tree.cpp[file]) if found[1] in headers]
        for name, file in headers.items()
    }
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            tree.add(
                "include-cycle",
                headers[name],
                1,
                f"headers include each other: {circle}; one of them would be read before what it needs",
            )
            return
        if name in done:
            return
        for used in graph[name]:
            visit(used, [*path, name])
        done.add(name)

    for name in graph:
        visit(name, [])


def check_sizes(tree: Tree) -> None:
    pairs: dict[str, set[str]] = {}
    for file, text in tree.cpp.items():
        lines = text.count("\n")
        limit = TEST_LINES if is_test(file) else HEADER_LINES if file.endswith(".h") else SOURCE_LINES
        if lines > limit:
            tree.add("file-size", file, limit, f"{lines} lines, the limit is {limit}: split it by idea")
        for number, line in enumerate(cpp_source.without_raw_strings(text).splitlines(), 1):
            if len(line) > COLUMNS and "http" not in line and not line.lstrip().startswith("#include"):
                tree.add("line-length", file, number, f"{len(line)} columns, the limit is {COLUMNS}: run clang-format")
        for function in cpp_source.functions(text):
            if function.lines > FUNCTION_LINES:
                tree.add(
                    "function-size",
                    file,
                    function.line,
                    f"{function.name} has {function.lines} lines, the limit is {FUNCTION_LINES}: give its steps names",
                )
            if function.parameters > PARAMETERS:
                tree.add(
                    "parameters",
                    file,
                    function.line,
                    f"{function.name} takes {function.parameters} parameters, the "
                    f"limit is {PARAMETERS}: callers confuse long lists, group what belongs together in a struct",
                )
        if not is_test(file) and file.startswith("src/"):
            folder, _, name = file.rpartition("/")
            pairs.setdefault(folder, set()).add(name.rsplit(".", 1)[0])
    for folder, names in pairs.items():
        if len(names) > FOLDER_PAIRS:
            tree.add(
                "folder-size",
                folder,
                1,
                f"{len(names)} source pairs, the limit is {FOLDER_PAIRS}: a module this large holds two ideas",
            )


def check_licence_line(tree: Tree) -> None:
    for file, text in tree.texts.items():
        if file.endswith((*CPP, ".py", ".sh", ".cmake")) or file.rpartition("/")[2] in ("CMakeLists.txt", "dev"):
            lines = text.splitlines()
            first = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
            if text.strip() and (not first or SPDX not in first[0]):
                tree.add("spdx", file, 1, f"the first line must say '{SPDX}': it is the whole licence banner")


def check_headers(tree: Tree) -> None:
    for file, text in tree.cpp.items():
        if not file.endswith(".h"):
            continue
        before, pragma, _ = text.partition("#pragma once")
        if not pragma:
            tree.add("pragma-once", file, 1, "no '#pragma once': a second include would define everything twice")
            continue
        comment = [line for line in before.splitlines()[1:] if line.lstrip("/ ").strip()]
        if len(comment) not in HEADER_COMMENT or not all(line.startswith("//") for line in comment):
            tree.add(
                "header-comment",
                file,
                1,
                "a header opens with 2 to 12 lines of comment (what it is, who owns it, its "
                f"thread contract), this one has {len(comment)}: it is the page a reader sees first",
            )
        for found in re.finditer(r"^\s*using namespace\b", text, re.MULTILINE):
            tree.add(
                "using-namespace",
                file,
                line_of(text, found.end()),
                "'using namespace' in a header changes the meaning of every file that includes it",
            )


def check_banned_calls(tree: Tree) -> None:
    for file, text in tree.cpp.items():
        if not file.startswith(("src/", "include/")):
            continue
        code = cpp_source.blank(text)
        lines = code.splitlines()
        for name, (pattern, allowed, instead) in BANNED.items():
            if any(file.removeprefix("src/").startswith(place) for place in allowed) or (
                name in TESTS_MAY and is_test(file)
            ):
                continue
            for found in re.finditer(pattern, code):
                number = line_of(code, found.start())
                nearby = " ".join(lines[max(0, number - 2) : number])
                if name == "new" and _OWNED_NEW.search(nearby):
                    continue
                call = re.sub(r"\s+", " ", found[0]).strip(" (")
                tree.add("banned", file, number, f"'{call}' is not used here: {instead}")


def check_early_returns(tree: Tree) -> None:
    """TRY returns out of the expression it stands in: what that has made by then is not destroyed."""
    for file, text in tree.cpp.items():
        if not file.startswith("src/"):
            continue
        code = cpp_source.blank(text)
        enclosing: list[str] = []  # "block", "first" or "later" element of a braced list, "new", "call"
        for found in _EXPRESSION.finditer(code):
            token = found[0]
            if token == "TRY(":
                blocks = [index for index, kind in enumerate(enclosing) if kind == "block"]
                around = enclosing[blocks[-1] + 1 :] if blocks else enclosing
                if "later" in around or "new" in around:
                    tree.add(
                        "early-return",
                        file,
                        line_of(code, found.start()),
                        "TRY behind another element of a braced list, or within new: returning leaks what was made "
                        "before it; take the value first",
                    )
            if token in ("TRY(", "("):
                enclosing.append("new" if _NEW_BEFORE.search(code, max(0, found.start() - 200), found.start()) else "call")
            elif token == "[":
                enclosing.append("call")
            elif token == "{":
                is_list = _LIST_BEFORE.search(code, max(0, found.start() - 200), found.start())
                enclosing.append("first" if is_list else "block")
            elif token == ",":
                if enclosing and enclosing[-1] == "first":
                    enclosing[-1] = "later"
            elif enclosing:
                enclosing.pop()


def check_heavy_includes(tree: Tree) -> None:
    users: dict[str, set[str]] = {}  # header -> modules that include it
    for file, text in tree.cpp.items():
        for found in _INCLUDE.finditer(text):
            users.setdefault("src/" + found[1], set()).add(module_of(file) or file.split("/")[0])
    for file, text in tree.cpp.items():
        module = module_of(file)
        if not module and not file.startswith("include/"):
            continue
        for found in _INCLUDE.finditer(text):
            for prefix, (owners, light) in HEAVY.items():
                if not found[1].startswith(prefix) or found[1] in light:
                    continue
                number = line_of(text, found.start(1))
                if owners is not None and module not in owners:
                    tree.add(
                        "fence",
                        file,
                        number,
                        f"<{found[1]}> belongs to {', '.join(owners)}: other modules use their "
                        "interfaces, so that the dependency can change in one place",
                    )
                elif file.endswith(".h") and (users.get(file, set()) - {module} or file.startswith("include/")):
                    tree.add(
                        "heavy-header",
                        file,
                        number,
                        f"<{found[1]}> in a header that other modules include: forward "
                        "declare instead, it costs each of them seconds of compile time",
                    )


def check_architecture(tree: Tree) -> None:
    text = tree.texts.get("ARCHITECTURE.md")
    if text is None:
        tree.add("architecture", "ARCHITECTURE.md", 1, "missing: readers need one page with the module table")
        return
    if text.count("\n") > ARCHITECTURE_LINES:
        tree.add(
            "architecture",
            "ARCHITECTURE.md",
            ARCHITECTURE_LINES,
            f"longer than {ARCHITECTURE_LINES} lines: nobody would read it whole",
        )
    table = {
        found[1]: line_of(text, found.start())
        for found in re.finditer(r"^\|\s*`(?:src/)?(\w+)/?`\s*\|", text, re.MULTILINE)
    }
    for module in tree.modules:
        if module not in table:
            tree.add("architecture", "ARCHITECTURE.md", 1, f"src/{module} is missing from the module table")
    for name, number in table.items():
        if name not in tree.modules:
            tree.add("architecture", "ARCHITECTURE.md", number, f"the module table names {name}, which is not in src/")


def check_text(tree: Tree) -> None:
    for file, text in tree.texts.items():
        for found in _UNFINISHED.finditer(text):
            if file.endswith((*CPP, ".py", ".sh", ".cmake", ".txt", ".md")) or file == "dev":
                tree.add(
                    "unfinished",
                    file,
                    line_of(text, found.start()),
                    f"'{found[0]}': finish it or file an issue, a note in the source is forgotten",
                )
        for found in _MACHINE_PATH.finditer(text):
            tree.add(
                "machine-path",
                file,
                line_of(text, found.start()),
                f"'{found[0]}...' is a path of one machine: the tree must work anywhere",
            )


CHECKS = (
    check_layering,
    check_include_cycles,
    check_sizes,
    check_licence_line,
    check_headers,
    check_banned_calls,
    check_early_returns,
    check_heavy_includes,
    check_architecture,
    check_text,
)


def findings(root: pathlib.Path) -> list[Finding]:
    tree = Tree(root)
    for check in CHECKS:
        check(tree)
    return sorted(tree.findings, key=lambda finding: (finding.file, finding.line))


def main() -> None:
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent
    found = findings(root)
    for finding in found:
        print(finding)
    if found:
        sys.exit(f"tidy: {len(found)} findings")


if __name__ == "__main__":
    main()

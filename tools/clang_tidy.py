#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy-19 over the project's sources, several at a time, and remembers those that passed.

usage: clang_tidy.py BUILD_DIR JOBS [SOURCE...]

A source is looked at again when it, a project header it includes, its compile command or .clang-tidy has changed.
"""

import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What clang does not know; and -Werror, because .clang-tidy says which of clang's warnings count.
LEFT_OUT = {"-fpch-preprocess", "-Winvalid-pch", "-Werror", "-Wno-error=maybe-uninitialized"}
ADDED = ["-Wthread-safety"]


def commands(build: pathlib.Path, work: pathlib.Path) -> dict[str, dict]:
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if not source.is_relative_to(ROOT) or source.is_relative_to(build) or source.suffix != ".cc":
            continue
        words = [word for word in shlex.split(entry["command"]) if word not in LEFT_OUT]
        compiler = next(at for at, word in enumerate(words) if re.search(r"(?:\+\+|clang)(?:-\d+)?$", word))
        words = words[compiler:]  # without the ccache launcher
        for at, word in enumerate(words):
            if word.endswith(
                "/cmake_pch.hxx"
            ):  # a copy, because clang complains about g++'s precompiled form beside it
                copy = work / (word.strip("/").replace("/", "_"))
                if not copy.exists() or copy.read_bytes() != pathlib.Path(word).read_bytes():
                    shutil.copyfile(word, copy)
                words[at] = str(copy)
        entry["command"] = shlex.join([*words, *ADDED])
        entry["output"] = words[words.index("-o") + 1]
        entries[str(source.relative_to(ROOT))] = entry
    return entries


def dependencies(build: pathlib.Path) -> dict[str, list[pathlib.Path]]:
    """Object file -> the project files it was made from, as ninja recorded them."""
    found: dict[str, list[pathlib.Path]] = {}
    current = ""
    for line in subprocess.run(
        ["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        if line.startswith(" "):
            path = (build / line.strip()).resolve()
            if path.is_relative_to(ROOT) and not path.is_relative_to(build):
                found[current].append(path)
        elif ":" in line:
            current = line.split(":")[0]
            found[current] = []
    return found


def main() -> None:
    build, jobs, chosen = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3:]
    work = build / "clang-tidy"
    work.mkdir(exist_ok=True)
    entries = commands(build, work)
    (work / "compile_commands.json").write_text(json.dumps(list(entries.values())))
    used = dependencies(build)
    settings = (ROOT / ".clang-tidy").read_bytes()

    def key(source: str) -> str:
        digest = hashlib.sha256(settings + entries[source]["command"].encode())
        for path in sorted(used.get(entries[source]["output"], [ROOT / source])):
            digest.update(path.read_bytes() if path.exists() else b"")
        return digest.hexdigest()

    def run(source: str) -> tuple[str, bool, str]:
        passed = work / (source.replace("/", "_") + ".passed")
        wanted = key(source)
        if passed.exists() and passed.read_text() == wanted:
            return source, True, ""
        done = subprocess.run(["clang-tidy-19", "--quiet", "-p", work, ROOT / source], capture_output=True, text=True)
        if done.returncode == 0:
            passed.write_text(wanted)
        return source, done.returncode == 0, done.stdout + done.stderr

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for source, good, output in pool.map(
            run, sorted(source for source in entries if not chosen or source in chosen)
        ):
            if not good:
                failed += 1
                print(f"{source}: clang-tidy\n{output}", flush=True)
    if failed:
        sys.exit(f"clang-tidy: findings in {failed} files")


if __name__ == "__main__":
    main()

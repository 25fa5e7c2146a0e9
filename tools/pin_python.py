#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a requirements file with every package, its version and the SHA-256 of its x86_64 and aarch64 wheels.

usage: pin_python.py INPUT.in     (writes INPUT.txt beside it; run it after changing a version in INPUT.in)

What an input takes from another with "-r OTHER.in" is pinned in OTHER.txt and left out here.
"""

import collections
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

ARCHITECTURES = ("x86_64", "aarch64")
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014")


def download(source: pathlib.Path, architecture: str, folder: str) -> None:
    platforms = [f"--platform={platform}_{architecture}" for platform in PLATFORMS]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--only-binary=:all:",
            "--implementation=cp",
            "--python-version=3.11",
            "-d",
            folder,
            "-r",
            source,
            *platforms,
        ],
        check=True,
    )


def pinned_elsewhere(source: pathlib.Path) -> set[str]:
    """The pins in the .txt of every .in that `source` includes."""
    others = re.findall(r"^-r (\S+)\.in$", source.read_text(), re.MULTILINE)
    texts = [source.with_name(f"{other}.txt").read_text() for other in others]
    return {pin for text in texts for pin in re.findall(r"^\S+==\S+", text, re.MULTILINE)}


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1].endswith(".in"):
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[1])
    hashes: dict[str, set[str]] = collections.defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        for architecture in ARCHITECTURES:
            download(source, architecture, folder)
        for wheel in pathlib.Path(folder).glob("*.whl"):
            name, version = wheel.name.split("-")[:2]
            pin = f"{name.lower().replace('_', '-')}=={version}"
            hashes[pin].add(hashlib.sha256(wheel.read_bytes()).hexdigest())
    others = pinned_elsewhere(source)
    names = {pin.split("==")[0] for pin in others}
    if twice := sorted(pin for pin in hashes.keys() - others if pin.split("==")[0] in names):
        sys.exit(f"pinned to another version in the included file: {', '.join(twice)}")
    lines = [f"# Made from {source.name} by tools/pin_python.py; edit that file instead."]
    for pin in sorted(hashes.keys() - others):
        lines += [" \\\n".join([pin, *(f"    --hash=sha256:{digest}" for digest in sorted(hashes[pin]))])]
    source.with_suffix(".txt").write_text("\n".join(lines) + "\n")
    print(f"{source.with_suffix('.txt')}: {len(hashes.keys() - others)} packages")


if __name__ == "__main__":
    main()

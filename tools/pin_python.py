#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a requirements file with every package, its version and the SHA-256 of its x86_64 and aarch64 wheels.

usage: pin_python.py INPUT.in     (writes INPUT.txt beside it; run it after changing a version in INPUT.in)
"""

import collections
import hashlib
import pathlib
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
    lines = [f"# Made from {source.name} by tools/pin_python.py; edit that file instead."]
    for pin in sorted(hashes):
        lines += [" \\\n".join([pin, *(f"    --hash=sha256:{digest}" for digest in sorted(hashes[pin]))])]
    source.with_suffix(".txt").write_text("\n".join(lines) + "\n")
    print(f"{source.with_suffix('.txt')}: {len(hashes)} packages")


if __name__ == "__main__":
    main()

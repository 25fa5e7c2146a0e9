#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Downloads the source archive of a pinned Python package without running anything of it.
#
# pip asks a source package for its metadata, for which it fetches and compiles the package's unpinned build tools (for
# one of ours: Cython, two minutes). Only the archive is wanted, so a stand-in build backend answers instead.
#
# usage: download_source.sh FOLDER NAME VERSION SHA256
set -eu

[ $# -eq 4 ] || { echo "usage: download_source.sh FOLDER NAME VERSION SHA256" >&2; exit 2; }
folder=$1 name=$2 version=$3 sha256=$4
python=${PYTHON:-/usr/bin/python3}
[ -x "$python" ] || python=python3

mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/setuptools"
: > "$work/setuptools/__init__.py"
cat > "$work/setuptools/build_meta.py" <<PYTHON
import pathlib
import sys

__legacy__ = sys.modules[__name__]  # what pip asks of a package that names no backend


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info = pathlib.Path(directory, "$name-$version.dist-info")
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\\nName: $name\\nVersion: $version\\n")
    return info.name
PYTHON
printf '%s==%s --hash=sha256:%s\n' "$name" "$version" "$sha256" > "$work/pin.txt"
PYTHONPATH="$work" "$python" -m pip download -q --disable-pip-version-check --no-cache-dir --no-deps --require-hashes \
  --no-binary=:all: --no-build-isolation --use-pep517 -d "$folder" -r "$work/pin.txt"

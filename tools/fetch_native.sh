#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fills CACHE/native with the libraries Debian 12 lacks: Arrow/Parquet, a recent librdkafka and simdjson's sources,
# each taken from a pinned package (version and SHA-256 below). Does nothing when the pins are already there.
# Needs python3 with pip; no virtual environment, and no code of the fetched packages is run.
#
# usage: fetch_native.sh CACHE_DIR
set -eu

[ $# -eq 1 ] || { echo "usage: fetch_native.sh CACHE_DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
cache=$1
python=${PYTHON:-/usr/bin/python3}
[ -x "$python" ] || python=python3

case $(uname -m) in
  x86_64) platform=manylinux_2_28_x86_64 ;;
  aarch64) platform=manylinux_2_28_aarch64 ;;
  *) echo "fetch_native: no pinned libraries for $(uname -m); install Arrow >= 21 and librdkafka >= 2.2 yourself" >&2
     exit 1 ;;
esac

# Per package: the x86_64 and the aarch64 wheel.
pins='pyarrow==26.0.1
  --hash=sha256:39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c
  --hash=sha256:22a96a225de107eb9acd1ad9a818198ca832df2a4c0952412f754a7ed2105a98
confluent-kafka==2.16.1
  --hash=sha256:24f613cc81a856b6fbb2d7d11044a9aa770044eecc1f83ff84618688b056be06
  --hash=sha256:c012a1d74f95e91c9c43f0aa996d5fea8582397144c1f96b553f24b594afa7c6'
# A Python package that carries simdjson's amalgamated sources.
simdjson_version=7.0.2
simdjson_sha256=44cf276e48912a3b9c7ca362c14da8420a7ac15a9f1a16ec95becff86db3904a

native=$cache/native
stamp=$native/.pins
# What is in the folder depends on the pins and on how these scripts unpack them.
wanted=$(printf '%s\n%s\n' "$platform" "$(cksum < "$here/fetch_native.sh")" && cksum < "$here/localize_symbols.py")
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

echo "fetching Arrow 26.0.1, librdkafka 2.16 and simdjson 3.12.3 into $native (about 62 MB, once)"
mkdir -p "$cache"
work=$(mktemp -d "$cache/native.XXXXXX")  # beside the result, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
printf '%s\n' "$pins" | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n  / /g' > "$work/wheels.txt"
"$python" -m pip download -q --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary=:all: \
  --platform "$platform" --implementation cp --python-version 3.11 -d "$work" -r "$work/wheels.txt"
"$here/download_source.sh" "$work" pysimdjson "$simdjson_version" "$simdjson_sha256"

out=$work/native
"$python" - "$work" "$out" <<'PYTHON'
import calendar, glob, os, pathlib, sys, tarfile, zipfile

work, out = sys.argv[1], pathlib.Path(sys.argv[2])


def write(place, data, modified):
    path = out / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (modified, modified))  # the package's time, so that fetching again rebuilds nothing


def arrow(name):
    if name.startswith("pyarrow/include/"):
        return "arrow/" + name.removeprefix("pyarrow/")
    if name in ("pyarrow/libarrow.so.2600", "pyarrow/libparquet.so.2600"):
        return "arrow/lib/" + name.removeprefix("pyarrow/")
    if ".dist-info/licenses/" in name:
        return "arrow/licenses/" + name.rsplit("/", 1)[1]


def rdkafka(name):
    # The soname carries a hash; the file name is kept, because the loader looks the library up by it.
    if name.startswith("confluent_kafka.libs/librdkafka-"):
        return "rdkafka/lib/" + name.rsplit("/", 1)[1]
    if ".dist-info/licenses/" in name:
        return "rdkafka/licenses/" + name.rsplit("/", 1)[1]


for pattern, place_of in (("pyarrow-*.whl", arrow), ("confluent_kafka-*.whl", rdkafka)):
    with zipfile.ZipFile(glob.glob(f"{work}/{pattern}")[0]) as wheel:
        for member in wheel.infolist():
            place = place_of(member.filename)
            if place and not member.is_dir():
                write(place, wheel.read(member), calendar.timegm(member.date_time + (0, 0, 0)))
with tarfile.open(glob.glob(f"{work}/pysimdjson-*.tar.gz")[0]) as archive:
    for member in archive:
        if member.name.endswith(("/simdjson/simdjson.h", "/simdjson/simdjson.cpp")):
            write("simdjson/" + member.name.rsplit("/", 1)[1], archive.extractfile(member).read(), member.mtime)
PYTHON
"$python" "$here/localize_symbols.py" "$out/arrow/lib/libparquet.so.2600" \
  '^_Z(?!.*(6apache6thrift|8simdjson|19simdjson_fast_float|9rapidjson))'

printf '%s' "$wanted" > "$out/.pins"
rm -rf "$native"
mv "$out" "$native"

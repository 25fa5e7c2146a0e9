#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fills CACHE/spark with Apache Spark and its Iceberg runtime (0.5 GB download, once), pinned by checksum. Needs Maven
# and Java. Nothing is installed: the test puts the folders on PYTHONPATH.
#
# usage: fetch_spark.sh CACHE_DIR
set -eu

[ $# -eq 1 ] || { echo "usage: fetch_spark.sh CACHE_DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
home=$1/spark
stamp=$home/.pins
wanted=$(cksum < "$here/fetch_spark.sh")
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi
python=${PYTHON:-/usr/bin/python3}
[ -x "$python" ] || python=python3

echo "fetching Apache Spark 4.1.4 and its Iceberg runtime 1.12.0 into $home (0.5 GB, once)"
mkdir -p "$1"
work=$(mktemp -d "$1/spark.XXXXXX")  # beside the result, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
"$here/../../tools/download_source.sh" "$work" pyspark 4.1.4 \
  bcbd5e18690cf79d438e97210ad06fb8d451a251bb77becc2b0418868d2acd73
echo 'py4j==0.10.9.9 --hash=sha256:c7c26e4158defb37b0bb124933163641a2ff6e3a3913f7811b0ddbe07ed61533' > "$work/py4j.txt"
"$python" -m pip download -q --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary=:all: \
  -d "$work" -r "$work/py4j.txt"
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -DoutputDirectory="$work/jars" \
  -Dartifact=org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0
echo "3123c3798af642dd537230923548e013ef41cc28b6626e5225808cf5670a0f82  $work/jars/iceberg-spark-runtime-4.1_2.13-1.12.0.jar" | sha256sum -c --quiet --strict

tar -xzf "$work/pyspark-4.1.4.tar.gz" -C "$work"
# The archive keeps Spark's own jars beside the Python package; an installation would have moved them into it.
mv "$work/pyspark-4.1.4" "$work/source"
rm "$work/pyspark-4.1.4.tar.gz"
printf '%s' "$wanted" > "$work/.pins"
rm -rf "$home"
mv "$work" "$home"

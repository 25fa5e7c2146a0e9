#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fills CACHE/kafka with the jars of the Apache Kafka broker (45 MB), each checked against kafka/jars.sha256. Does
# nothing when they are there. Needs Maven; kept outside the tree.
#
# usage: fetch_kafka.sh CACHE_DIR
set -eu

[ $# -eq 1 ] || { echo "usage: fetch_kafka.sh CACHE_DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
home=$1/kafka
stamp=$home/.pins
wanted=$(cat "$here/kafka/pom.xml" "$here/kafka/jars.sha256" | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

echo "fetching Apache Kafka 4.3.1 for the tests into $home (45 MB, once)"
mkdir -p "$1"
work=$(mktemp -d "$1/kafka.XXXXXX")  # beside the result, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp "$here/kafka/pom.xml" "$work/"
(cd "$work" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib -DincludeScope=runtime)
(cd "$work/lib" && sha256sum -c --quiet --strict "$here/kafka/jars.sha256")
[ "$(ls "$work/lib" | wc -l)" -eq "$(wc -l < "$here/kafka/jars.sha256")" ] || {
  echo "fetch_kafka: jars arrived that kafka/jars.sha256 does not list" >&2
  exit 1
}
printf '%s' "$wanted" > "$work/.pins"
rm -rf "$home"
mv "$work" "$home"

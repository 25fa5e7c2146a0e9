#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fills CACHE/NAME/lib with the jars of the test servers NAME..., each checked against NAME/jars.sha256 beside this
# script, and CACHE/NAME/classes with what NAME/*.java compile to; archives go unpacked into CACHE/NAME/unpacked. Does
# nothing for a server that is there. Needs Maven, and javac where there is a launcher; kept outside the tree.
#
# usage: fetch_jars.sh CACHE_DIR NAME...
set -eu

[ $# -ge 2 ] || { echo "usage: fetch_jars.sh CACHE_DIR NAME..." >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
cache=$1
shift
work=
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fetch() {
  name=$1
  home=$cache/$name
  stamp=$home/.pins
  sources=$(find "$here/$name" -name '*.java' | sort)
  # shellcheck disable=SC2086  # a list
  wanted=$(cat "$here/$name/pom.xml" "$here/$name/jars.sha256" $sources | cksum)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return 0; fi

  echo "fetching the jars of the test server $name into $home (once)"
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/$name.XXXXXX")  # beside the result, so that the last step is a rename
  cp "$here/$name/pom.xml" "$work/"
  (cd "$work" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib -DincludeScope=runtime)
  (cd "$work/lib" && sha256sum -c --quiet --strict "$here/$name/jars.sha256")
  [ "$(ls "$work/lib" | wc -l)" -eq "$(wc -l < "$here/$name/jars.sha256")" ] || {
    echo "fetch_jars: jars arrived that $name/jars.sha256 does not list" >&2
    exit 1
  }
  for archive in "$work"/lib/*.tar.gz; do
    [ -e "$archive" ] || continue
    mkdir -p "$work/unpacked"
    tar -xzf "$archive" -C "$work/unpacked"
    rm "$archive"
  done
  # shellcheck disable=SC2086  # a list
  [ -z "$sources" ] || javac -nowarn -proc:none -cp "$work/lib/*" -d "$work/classes" $sources
  printf '%s' "$wanted" > "$work/.pins"
  rm -rf "$home"
  mv "$work" "$home"
}

for server in "$@"; do fetch "$server"; done

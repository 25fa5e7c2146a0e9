#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fills CACHE with the catalog servers of the tests that are Java programs (0.5 GB, once), and with the Thrift library
# that PyIceberg speaks to the Hive Metastore with, which its makers publish as source only. All pinned by checksum.
#
# usage: fetch_servers.sh CACHE_DIR
set -eu

[ $# -eq 1 ] || { echo "usage: fetch_servers.sh CACHE_DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
"$here/fetch_jars.sh" "$1" rest nessie hive3 hive4

version=0.25.0
home=$1/thrift-$version
if [ -d "$home" ]; then exit 0; fi
work=$(mktemp -d "$1/thrift.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
"$here/../../tools/download_source.sh" "$work" thrift "$version" \
  e85615ae9245f5622a5e36a9d2d867e1e7b17a8ca467b257dece5dc1642ccd73
tar -xzf "$work/thrift-$version.tar.gz" -C "$work"
mv "$work/thrift-$version/src" "$work/thrift"
rm -r "$work/thrift-$version" "$work/thrift-$version.tar.gz"
mv "$work" "$home"

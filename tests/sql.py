# SPDX-License-Identifier: Apache-2.0
"""One SQL query through DuckDB, which opens Iceberg tables with iceberg_scan('METADATA.json'): python -m tests.sql QUERY"""

import sys

import duckdb

from tests.e2e.readers import duck


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: ./dev sql \"SELECT count(*) FROM iceberg_scan('.../v2.metadata.json')\"", file=sys.stderr)
        return 2
    try:
        print(duck().sql(sys.argv[1]))
    except duckdb.Error as error:
        print(f"duckdb: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Two readers that share no code with the engine: what DuckDB and PyIceberg see in a table."""

import functools
import pathlib
import site

import duckdb
import pyarrow as pa
from pyiceberg.table import StaticTable


@functools.lru_cache(maxsize=1)
def duck() -> duckdb.DuckDBPyConnection:
    """DuckDB with its Iceberg extension, which comes from a package: nothing is downloaded."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for name in ("avro", "httpfs", "iceberg"):
        extension = next(
            pathlib.Path(site.getsitepackages()[0]).glob(
                f"duckdb_extension_{name}/extensions/*/{name}.duckdb_extension"
            )
        )
        connection.execute(f"LOAD '{extension}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def with_duckdb(metadata: pathlib.Path, query: str) -> list[tuple]:
    """Rows of `query`, in which TABLE stands for the table."""
    return duck().execute(query.replace("TABLE", f"iceberg_scan('{metadata}')")).fetchall()


def with_pyiceberg(metadata: pathlib.Path, columns: tuple[str, ...] = ("*",)) -> pa.Table:
    return StaticTable.from_metadata(str(metadata)).scan(selected_fields=columns).to_arrow()


def offsets_by_duckdb(metadata: pathlib.Path) -> dict[int, tuple[int, int, int, int]]:
    """Partition -> (rows, distinct offsets, lowest, highest)."""
    return {
        row[0]: row[1:]
        for row in with_duckdb(
            metadata,
            """
        SELECT _kafka_partition, count(*), count(DISTINCT _kafka_offset), min(_kafka_offset), max(_kafka_offset)
        FROM TABLE WHERE _kafka_partition IS NOT NULL GROUP BY ALL""",
        )
    }


def offsets_by_pyiceberg(metadata: pathlib.Path) -> dict[int, tuple[int, int, int, int]]:
    rows = with_pyiceberg(metadata, ("_kafka_partition", "_kafka_offset"))
    grouped = (
        rows.filter(rows["_kafka_partition"].is_valid())
        .group_by("_kafka_partition")
        .aggregate(
            [
                ("_kafka_offset", "count"),
                ("_kafka_offset", "count_distinct"),
                ("_kafka_offset", "min"),
                ("_kafka_offset", "max"),
            ]
        )
    )
    return {
        row["_kafka_partition"]: (
            row["_kafka_offset_count"],
            row["_kafka_offset_count_distinct"],
            row["_kafka_offset_min"],
            row["_kafka_offset_max"],
        )
        for row in grouped.to_pylist()
    }

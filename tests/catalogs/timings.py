# SPDX-License-Identifier: Apache-2.0
"""How long the catalogs' operations took, and the table of it that a run ends with.

From `catalog check`: create, load and commit, one after the other. From the metrics of engines: commits under load.
"""

import collections
import re

OPERATIONS = {"create": "create table", "load": "load table", "commit": "commit"}
_BUCKET = re.compile(r"^iceberg_catalog_operation_duration_seconds_bucket\{(.*)\} (\S+)$", re.MULTILINE)

_checked: dict[str, dict[str, dict]] = {}
# Catalog -> engine -> upper bound of a bucket in seconds -> how many commits took no longer
_commits: dict[str, dict[object, dict[float, float]]] = collections.defaultdict(dict)


def note_check(catalog: str, answer: dict) -> None:
    """Keeps what `catalog check --write --json` said."""
    _checked[catalog] = {operation["operation"]: operation for operation in answer["operations"]}


def note_metrics(catalog: str, engine: object, metrics: str) -> None:
    """Keeps what the engine's metrics say now; a later note of the same engine replaces it."""
    buckets: dict[float, float] = {}
    for labels, count in _BUCKET.findall(metrics):
        pairs = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if pairs["operation"] == "commit_snapshot":
            buckets[float(pairs["le"])] = float(count)
    _commits[catalog][engine] = buckets


def quantile(buckets: dict[float, float], share: float) -> float:
    """Seconds within which `share` of what was counted ended, interpolated within the bucket."""
    wanted = share * max(buckets.values())
    lower_bound, lower_count = 0.0, 0.0
    for bound in sorted(buckets):
        if buckets[bound] >= wanted:
            if bound == float("inf"):
                break
            return lower_bound + (bound - lower_bound) * (wanted - lower_count) / (buckets[bound] - lower_count)
        lower_bound, lower_count = bound, buckets[bound]
    return lower_bound


def _cell(p50: float, p99: float, count: float) -> str:
    return f"{p50:.1f} / {p99:.1f} ({count:.0f})"


def _check_cell(catalog: str, operation: str) -> str:
    found = _checked.get(catalog, {}).get(operation, {})
    return _cell(found["p50_ms"], found["p99_ms"], found["count"]) if "p50_ms" in found else "-"


def _load_cell(catalog: str) -> str:
    total: dict[float, float] = collections.Counter()
    for buckets in _commits[catalog].values():
        for bound, count in buckets.items():
            total[bound] += count
    if not any(total.values()):
        return "-"
    return _cell(quantile(total, 0.5) * 1000, quantile(total, 0.99) * 1000, max(total.values()))


def report(catalogs: tuple[str, ...]) -> str:
    """A line a catalog: p50 / p99 in milliseconds, and of how many operations."""
    lines = [["catalog", *OPERATIONS, "commit under load"]]
    for catalog in catalogs:
        cells = [_check_cell(catalog, operation) for operation in OPERATIONS.values()]
        lines.append([catalog, *cells, _load_cell(catalog)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)

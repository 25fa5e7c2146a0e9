# SPDX-License-Identifier: Apache-2.0
"""The matrix: what became of each cell (format, type written, column, table version), printed as a table."""

VERSIONS = (2, 3)
_rows: dict[tuple[str, str, str], dict[int, str]] = {}


def add(format_name: str, written: str, column: str, version: int, outcome: str) -> None:
    _rows.setdefault((format_name, written, column), {})[version] = outcome


def text() -> str:
    """One line a type; empty when nothing was tried."""
    if not _rows:
        return ""
    lines = [("format", "written as", "column", *(f"v{version}" for version in VERSIONS))]
    for (format_name, written, column), cells in _rows.items():
        lines.append((format_name, written, column, *(cells.get(version, "not tried") for version in VERSIONS)))
    widths = [min(60, max(len(line[place]) for line in lines)) for place in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)

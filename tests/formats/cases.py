# SPDX-License-Identifier: Apache-2.0
"""What a case of the format matrix is: a column, what a producer writes into it, and what readers must find."""

import dataclasses
import random
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Case:
    name: str  # of the column
    written: object  # the type in the payload's own schema: JSON for Avro and JSON Schema, text for Protobuf
    column: str  # the column's type, as compare.type_text() writes it; empty: there is no column
    values: tuple  # pairs: what the producer is given, what a reader finds
    declared: str = ""  # the column's type in [[schema.fields]], when it is not left to the payload's schema
    version: int = 2  # of the table, at least
    more: Callable[[random.Random], tuple] | None = None  # makes another pair

    @property
    def label(self) -> str:
        """The type written, as the matrix shows it."""
        if isinstance(self.written, str):
            return self.written
        if isinstance(self.written, list):
            return f"[{', '.join(one if isinstance(one, str) else one['name'] for one in self.written)}]"
        kind = self.written.get("type") or next(iter(self.written))
        kind = " or ".join(kind) if isinstance(kind, list) else kind
        details = [self.written.get(name) for name in ("logicalType", "format", "contentEncoding", "maximum")]
        return ", ".join([kind, *(str(detail) for detail in details if detail is not None)])

    def pairs(self, count: int) -> list[tuple]:
        """At least the case's own; from `count` on random ones, the same in every run."""
        rng = random.Random(self.name)
        found = list(self.values)
        while len(found) < count:
            found.append(self.more(rng) if self.more else self.values[len(found) % len(self.values)])
        return found


def same(*values) -> tuple:
    """Read as written."""
    return tuple((value, value) for value in values)


def integers(bits: int, signed: bool = True) -> Callable[[random.Random], tuple]:
    def make(rng: random.Random) -> tuple:
        value = rng.getrandbits(rng.randint(1, bits))
        value = value - (1 << bits) if signed and value >= 1 << (bits - 1) else value
        return value, value

    return make


def doubles(rng: random.Random) -> tuple:
    value = rng.uniform(-1, 1) * 10 ** rng.randint(-300, 300)
    return value, value


def texts(rng: random.Random) -> tuple:
    value = "".join(chr(rng.choice((rng.randint(32, 126), rng.randint(0xA0, 0x2FF), rng.randint(0x1F300, 0x1F5FF))))
                    for _ in range(rng.randint(0, 20)))
    return value, value


def binaries(rng: random.Random) -> tuple:
    value = rng.randbytes(rng.randint(0, 40))
    return value, value


def moments(unit_nanos: int, first: int = -(1 << 60), last: int = 1 << 60) -> Callable[[random.Random], tuple]:
    """A number of units, and the nanoseconds it stands for."""

    def make(rng: random.Random) -> tuple:
        value = rng.randint(first // unit_nanos, last // unit_nanos)
        return value, value * unit_nanos

    return make

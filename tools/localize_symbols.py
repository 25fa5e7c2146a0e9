#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes unwanted dynamic symbols of a shared library private, in place.

usage: localize_symbols.py LIBRARY KEEP_REGEX

Every defined dynamic symbol whose name does not match KEEP_REGEX becomes STV_HIDDEN and loses its name: the loader then
binds the library's own calls locally, and neither it nor a linker can offer the symbol to others. Needed for the
Parquet library of the Arrow wheel, which exports a private OpenSSL, Thrift and simdjson that clash with the system's.
"""

import re
import struct
import sys

SHT_DYNSYM = 11
STV_HIDDEN = 2
STT_OBJECT = 1
STT_FUNC = 2
SYMBOL = struct.Struct("<IBBHQQ")
SECTION = struct.Struct("<IIQQQQIIQQ")


def main() -> None:
    path, keep = sys.argv[1], re.compile(sys.argv[2])
    with open(path, "rb") as file:
        image = bytearray(file.read())
    if image[:6] != b"\x7fELF\x02\x01":
        sys.exit(f"{path}: not a 64-bit little-endian ELF file")
    (section_table,) = struct.unpack_from("<Q", image, 0x28)
    entry_size, count, _ = struct.unpack_from("<HHH", image, 0x3A)
    sections = [SECTION.unpack_from(image, section_table + i * entry_size) for i in range(count)]
    symbols = next(section for section in sections if section[1] == SHT_DYNSYM)
    names = sections[symbols[6]][4]
    hidden = kept = 0
    for offset in range(symbols[4], symbols[4] + symbols[5], SYMBOL.size):
        name, info, other, section_index, _, _ = SYMBOL.unpack_from(image, offset)
        if section_index == 0 or info >> 4 == 0:  # undefined, or already local
            continue
        end = image.index(0, names + name)
        if keep.search(image[names + name : end].decode()):
            kept += 1
            continue
        image[offset + 5] = (other & ~3) | STV_HIDDEN
        struct.pack_into("<I", image, offset, 0)  # the empty name: a linker must not resolve against it
        if info & 0xF in (STT_OBJECT, STT_FUNC):  # nor compare the types of symbols that share that name
            image[offset + 4] = info & 0xF0
        hidden += 1
    with open(path, "wb") as file:
        file.write(image)
    print(f"{path}: hid {hidden} symbols, kept {kept}")


if __name__ == "__main__":
    main()

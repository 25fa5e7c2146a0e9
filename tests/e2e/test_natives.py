# SPDX-License-Identifier: Apache-2.0
"""The Parquet library beside the binary keeps the libraries inside it to itself.

As its makers ship it, it exports a private OpenSSL, Thrift and simdjson. Whichever copy the loader saw first would
serve all, and crash the others' users; tools/localize_symbols.py hides them.
"""

import re
import subprocess
import unittest

from tests.e2e.harness import BINARY

PRIVATE = re.compile(r"^_Z.*(6apache6thrift|8simdjson|19simdjson_fast_float|9rapidjson)")


def libraries() -> dict[str, str]:
    listed = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"(\S+) => (\S+)", listed))


def exported(path: str) -> set[str]:
    """Names that the loader offers to other libraries: defined, not local, of default visibility."""
    names = set()
    table = subprocess.run(["readelf", "--dyn-syms", "-W", path], capture_output=True, text=True, check=True).stdout
    for line in table.splitlines():
        words = line.split()
        # ABS: the names of symbol versions, which are no symbols.
        if len(words) >= 8 and words[4] in ("GLOBAL", "WEAK") and words[5] == "DEFAULT" and words[6] not in ("UND", "ABS"):
            names.add(words[7].split("@")[0])
    return names


def is_of_the_standard_library(name: str) -> bool:
    """Type information of std:: templates: the same wherever it is compiled."""
    return bool(re.match(r"_Z(TI|TS|TV|N?K?)(St|NSt|S[absiod])", name))


class Natives(unittest.TestCase):
    def test_parquet_exports_none_of_the_libraries_inside_it(self):
        found = libraries()
        parquet = next(path for name, path in found.items() if name.startswith("libparquet"))
        names = exported(parquet)
        self.assertGreater(len(names), 1000)
        self.assertEqual([], sorted(name for name in names if PRIVATE.match(name))[:10])
        for name, path in found.items():
            if name.startswith(("libcrypto", "libssl", "libthrift", "libsimdjson")):
                shared = {symbol for symbol in names & exported(path) if not is_of_the_standard_library(symbol)}
                self.assertEqual([], sorted(shared)[:10], f"also exported by {name}")
        self.assertEqual(
            [], sorted(name for name in names if re.match(r"(EVP|SSL|CRYPTO|OPENSSL|OSSL|X509|ASN1)_", name))[:10]
        )

    def test_no_two_libraries_export_the_same_function_of_ours_or_theirs(self):
        """Beyond the C++ standard library's templates, every shared name is a clash waiting for a call."""
        found = {
            name: exported(path)
            for name, path in libraries().items()
            if not re.match(r"lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so|ld-linux", name)
        }
        names = sorted(found)
        for index, one in enumerate(names):
            for two in names[index + 1 :]:
                clashes = [
                    symbol
                    for symbol in found[one] & found[two]
                    if not symbol.startswith("_Z")
                    and not symbol.startswith(("_init", "_fini", "__bss", "_edata", "_end"))
                ]
                self.assertEqual([], sorted(clashes)[:10], f"{one} and {two}")

# SPDX-License-Identifier: Apache-2.0
"""The installed tree: complete, movable, and without a trace of what built it."""

import pathlib
import re
import shutil
import subprocess

from tests.e2e.harness import BINARY, Scenario

SYSTEM = re.compile(r"^(linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so)")


class Install(Scenario):
    def setUp(self):
        super().setUp()
        first = self.folder / "first"
        subprocess.run(
            ["cmake", "--install", BINARY.parent, "--prefix", first, "--strip"], check=True, capture_output=True
        )
        self.prefix = self.folder / "moved" / "elsewhere"
        self.prefix.parent.mkdir()
        shutil.move(first, self.prefix)
        self.binary = self.prefix / "bin" / "kafka-iceberg"

    def bare(self, *arguments: str) -> subprocess.CompletedProcess:
        """Without an environment, so without PATH: nothing that is not in the tree can be called by name."""
        return subprocess.run(
            ["/usr/bin/env", "-i", str(self.binary), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
        )

    def test_moved_tree_runs_without_an_environment(self):
        done = self.bare("version")
        self.assertEqual(0, done.returncode, done.stderr)
        done = self.bare("demo", "--rows", "10000", "--json")
        self.assertEqual(0, done.returncode, done.stderr)

    def test_libraries_come_from_the_tree(self):
        listed = subprocess.run(["ldd", self.binary], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("not found", listed)
        self.assertNotIn("python", listed.lower())
        for line in listed.splitlines():
            name, _, target = line.strip().partition(" => ")
            if SYSTEM.match(pathlib.Path(name.split()[0]).name):
                continue
            self.assertTrue(target.startswith(str(self.prefix)), f"{line.strip()} is not shipped")

    def test_no_search_path_leads_outside(self):
        for file in [self.binary, *(self.prefix / "lib" / "kafka-iceberg").iterdir()]:
            dynamic = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True).stdout
            for path in re.findall(r"R(?:UN)?PATH.*\[(.*)\]", dynamic):
                for part in path.split(":"):
                    self.assertTrue(part.startswith("$ORIGIN"), f"{file.name}: {part}")

    def test_licences_are_shipped(self):
        documents = self.prefix / "share" / "doc" / "kafka-iceberg"
        for name in ("LICENSE", "NOTICE", "THIRD-PARTY.md"):
            self.assertTrue((documents / name).stat().st_size)
        licences = " ".join(
            path.name + "/" + path.parent.name for path in (documents / "licenses").rglob("*") if path.is_file()
        )
        shipped = " ".join(path.name for path in (self.prefix / "lib" / "kafka-iceberg").iterdir())
        for library, licence in (
            ("libarrow", "arrow"),
            ("librdkafka", "librdkafka"),
            ("libfmt", "libfmt"),
            ("libsqlite3", "libsqlite3"),
            ("libjemalloc", "libjemalloc"),
            ("libspdlog", "libspdlog"),
            ("libzstd", "libzstd"),
        ):
            if library in shipped:
                self.assertIn(licence, licences)

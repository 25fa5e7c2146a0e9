# SPDX-License-Identifier: Apache-2.0
"""Runs the tests and closes with one line, "N passed, N failed".

python -m tests.run                         everything: the tools' own tests, the unit suites (ctest), the end-to-end
                                            tests, the tests with real catalog servers
python -m tests.run PATTERN...              the end-to-end tests whose names contain one of the patterns
python -m tests.run --catalogs [PATTERN...] the tests with real catalog servers
python -m tests.run --formats [PATTERN...]  the matrix of formats, types and table versions
python -m tests.run --interop               the tests with Apache Spark
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("KAFKA_ICEBERG_BUILD", ROOT / "build"))


class Counts:
    passed = failed = skipped = 0


class Result(unittest.TestResult):
    """Prints a line a test as it ends, and for a failure all that is known."""

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._ended = False
        print(f"{test.id().removeprefix('tests.')} ...", end=" ", flush=True)

    def _end(self, word: str, test=None, error=None):
        if error is not None:
            print(f"{word}\n{self._exc_info_to_string(error, test)}", flush=True)
            diagnosis = getattr(test, "diagnosis", None)
            if diagnosis:
                print(diagnosis(), flush=True)
        elif not self._ended:
            print(f"{word} ({time.monotonic() - self._started:.1f} s)", flush=True)
        self._ended = True

    def addSuccess(self, test):
        Counts.passed += 1
        self._end("ok")

    def addSkip(self, test, reason):
        Counts.skipped += 1
        if not hasattr(self, "_started"):
            print(f"{test.id()} ...", end=" ")
            self._started, self._ended = time.monotonic(), False
        self._end(f"SKIPPED: {reason}")

    def _fail(self, word, test, error):
        if not getattr(test, "_counted_as_failed", False):  # several subtests are one failed test
            Counts.failed += 1
            test._counted_as_failed = True
        self._end(word, test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._fail("FAILED", test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._fail("ERROR", test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._fail(f"FAILED {subtest}", test, error)


def tests_in(suite) -> list[unittest.TestCase]:
    return [test for item in suite for test in (tests_in(item) if isinstance(item, unittest.TestSuite) else [item])]


def run_python(folder: str, pattern: str, chosen: list[str], top: pathlib.Path = ROOT) -> None:
    found = tests_in(unittest.TestLoader().discover(str(ROOT / folder), pattern, top_level_dir=str(top)))
    tests = [test for test in found if not chosen or any(word in test.id() for word in chosen)]
    unittest.TestSuite(tests).run(Result())


def count_report(report: pathlib.Path, failed: bool) -> None:
    """Adds the cases in the report of a C++ suite; one that `failed` without a failed case failed as a whole."""
    counted = json.loads(report.read_text()) if report.exists() else {"tests": 0, "failures": 0, "disabled": 0}
    bad = counted["failures"] + counted.get("errors", 0)
    skipped = sum(case["result"] == "SKIPPED" for group in counted.get("testsuites", []) for case in group["testsuite"])
    Counts.passed += counted["tests"] - bad - counted["disabled"] - skipped
    Counts.skipped += counted["disabled"] + skipped
    Counts.failed += max(bad, int(failed))


def run_units() -> None:
    """The C++ suites; cases are counted from the reports that each writes, a suite without one failed as a whole."""
    with tempfile.TemporaryDirectory() as reports:
        summary = pathlib.Path(reports, "ctest.xml")
        subprocess.run(
            [
                "ctest",
                "--test-dir",
                BUILD,
                "--output-on-failure",
                "--no-tests=error",
                "-L",
                "unit",
                "-j2",
                "--output-junit",
                summary,
            ],
            env={**os.environ, "GTEST_OUTPUT": f"json:{reports}/"},
        )
        if not summary.exists():
            Counts.failed += 1
            return
        for suite in xml.etree.ElementTree.parse(summary).getroot().iter("testcase"):
            count_report(pathlib.Path(reports, f"{suite.get('name')}_test.json"), suite.get("status") != "run")


def run_server_suites(chosen: list[str]) -> None:
    """The C++ suites that need real servers, whose addresses they find in the environment."""
    from tests.catalogs.catalogs import servers

    found = sorted(BUILD.glob("src/**/*_servers_test"))
    if not found:
        Counts.failed += 1
        print(f"no *_servers_test in {BUILD}: they were not built", flush=True)
    for program in found:
        if chosen and not any(word in program.name for word in chosen):
            continue
        run_server_suite(program, servers().environment())
        if program.name == "catalog_servers_test":
            run_server_suite(program, {**servers().environment(), **servers().hive4_environment()}, "Hive*")


def run_server_suite(program: pathlib.Path, env: dict[str, str], cases: str = "*") -> None:
    print(f"{program.name} {cases}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        done = subprocess.run(
            [program, "--gtest_brief=1", f"--gtest_filter={cases}", f"--gtest_output=json:{report}"],
            env={**os.environ, **env},
            cwd=folder,
        )
        ran = report.exists() and json.loads(report.read_text())["tests"] > 0
        count_report(report, done.returncode != 0 or not ran)


def run_catalogs(chosen: list[str]) -> None:
    from tests.catalogs import catalogs, timings

    run_server_suites(chosen)
    run_python("tests/catalogs", "test_*.py", chosen)
    print(f"\np50 / p99 of the catalogs' operations in ms (how many):\n{timings.report(catalogs.NAMES)}\n", flush=True)


def run_formats(chosen: list[str]) -> None:
    from tests.formats import report

    run_python("tests/formats", "test_*.py", chosen)
    print(f"\n{report.text()}\n", flush=True)


def main() -> None:
    arguments = sys.argv[1:]
    if arguments == ["--interop"]:
        run_python("tests/interop", "test_*.py", [])
    elif arguments[:1] == ["--catalogs"]:
        run_catalogs(arguments[1:])
    elif arguments[:1] == ["--formats"]:
        run_formats(arguments[1:])
    elif arguments:
        run_python("tests/e2e", "test_*.py", arguments)
    else:
        run_python("tools", "*_test.py", [], ROOT / "tools")
        run_units()
        run_python("tests/e2e", "test_*.py", [])
        run_formats([])
        run_catalogs([])
    skipped = f", {Counts.skipped} skipped" if Counts.skipped else ""
    print(f"{Counts.passed} passed, {Counts.failed} failed{skipped}", flush=True)
    sys.exit(1 if Counts.failed or not Counts.passed else 0)


if __name__ == "__main__":
    main()

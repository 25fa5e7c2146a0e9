# SPDX-License-Identifier: Apache-2.0
"""The documents in docs/ are true: what they tell to type is typed here, against the real servers.

A section is what follows a heading. Its ```toml blocks are files: config.toml, or the name in a first line `# NAME.toml`.
Its ```sh blocks are run line by line in the folder of these files and must end with 0; new records are there for each
`run`. A section that uses files of the one before it begins with that one's commands. Only addresses and names of topics
and databases are replaced, by the environment variables of which docs/CONFIGURATION.md tells; the text is taken as it is.
A ```toml block without kafka.bootstrap_servers is a part of a configuration only: it is completed and validated without
connecting.
Whatever is not understood fails: a block of another language, another program, a word in capitals nobody explains.
"""

import itertools
import json
import os
import pathlib
import re
import shlex
import subprocess
import tomllib
import unittest
import urllib.parse
import uuid

import duckdb

from tests.catalogs.catalogs import servers
from tests.e2e.harness import BINARY, ROOT, Scenario, Topic, broker, merged, to_toml
from tests.servers import process

DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
LISTEN = "127.0.0.1:8088"  # where an engine listens when the configuration does not say
RECORDS = 2000


def is_whole(configuration: dict) -> bool:
    return "bootstrap_servers" in configuration.get("kafka", {})


class Section:
    """A heading of a document and what follows it up to the next."""

    def __init__(self, document: str, title: str):
        self.document, self.title = document, title
        self.blocks: list[tuple[str, str]] = []  # language, text

    @property
    def test_name(self) -> str:
        words = re.sub(r"\W+", "_", f"{self.document.removesuffix('.md')} {self.title}").strip("_").lower()
        return f"test_{words}"

    @property
    def files(self) -> dict[str, str]:
        """The configurations that it shows whole."""
        files = {}
        for text in self.toml_blocks():
            if is_whole(tomllib.loads(text)):
                named = re.match(r"# (\w+\.toml)\n", text)
                name = named[1] if named else "config.toml"
                if name in files:
                    raise ValueError(f"{self.document}, {self.title}: two blocks are {name}")
                files[name] = text
        return files

    @property
    def fragments(self) -> list[dict]:
        """The parts of configurations that it shows."""
        return [parsed for parsed in map(tomllib.loads, self.toml_blocks()) if not is_whole(parsed)]

    @property
    def commands(self) -> list[list[str]]:
        lines = "".join(text for language, text in self.blocks if language == "sh").splitlines()
        return [words for words in (shlex.split(line, comments=True) for line in lines) if words]

    @property
    def follows(self) -> bool:
        """Whether its commands go on with the configuration of an earlier section."""
        return any(not set(words) & self.files.keys() for words in self.commands if "-c" in words)

    def toml_blocks(self) -> list[str]:
        return [text for language, text in self.blocks if language == "toml"]


def check_syntax(language: str, text: str) -> None:
    if language == "json":
        json.loads(text)
    if language == "sql":
        duckdb.extract_statements(text)


def sections_of(document: str, text: str) -> list[Section]:
    sections, language, block = [Section(document, "")], None, ""
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.startswith("```"):
            if language is None:
                language, block = line[3:].strip(), ""
                if language not in ("toml", "sh", "json", "sql", ""):
                    raise ValueError(f"{document}:{number}: a block of {language!r}")
            else:
                check_syntax(language, block)
                sections[-1].blocks.append((language, block))
                language = None
        elif language is not None:
            block += line
            if language == "" and line.startswith(("kafka-iceberg ", "$ ")):
                raise ValueError(f"{document}:{number}: a command in a block that is not sh")
        elif line.startswith("#"):
            sections.append(Section(document, line.strip("# \n")))
    if language is not None:
        raise ValueError(f"{document}: its last block does not end")
    sections = [section for section in sections if section.blocks]
    for before, section in itertools.pairwise(sections):
        if section.follows:
            section.blocks = before.blocks + section.blocks
    return sections


def overrides(sections: dict, prefix: str = "KAFKA_ICEBERG") -> dict[str, str]:
    """Nested sections as the environment variables that replace these keys."""
    variables = {}
    for key, value in sections.items():
        name = f"{prefix}__{key.upper()}"
        variables |= overrides(value, name) if isinstance(value, dict) else {name: json.dumps(value)}
    return variables


def addresses(iceberg: dict) -> dict:
    """Where the catalog and the store of this [iceberg] section really are."""
    kind = iceberg["catalog_type"]
    shown = iceberg.get(kind, {})
    real: dict = {}
    if kind == "rest":
        real["uri"] = servers().rest.uri
    elif kind == "hive":
        real["metastore_uri"] = servers().hive3.uri
    elif kind == "nessie":
        real["uri"] = servers().nessie.address
    elif kind == "glue":
        real["endpoint"] = real["s3_endpoint"] = servers().glue.endpoint
    if "s3_endpoint" in shown:
        real["s3_endpoint"] = servers().seaweedfs.endpoint
    if location := shown.get("warehouse_path", "").partition("s3://")[2]:
        make_bucket(kind, location.partition("/")[0])
    return {kind: real}


def make_bucket(kind: str, bucket: str) -> None:
    client = servers().glue.client("s3") if kind == "glue" else servers().seaweedfs.client
    if bucket not in [known["Name"] for known in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=bucket)


def secrets(kind: str) -> dict[str, str]:
    """The variables that a reader would have set."""
    if kind == "glue":
        glue = servers().glue
        return {"AWS_ACCESS_KEY_ID": glue.access_key, "AWS_SECRET_ACCESS_KEY": glue.secret_key}
    s3 = servers().seaweedfs
    return {"S3_ACCESS_KEY": s3.access_key, "S3_SECRET_KEY": s3.secret_key}


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("KAFKA_ICEBERG_", "AWS_"))}


class Typist:
    """Runs a section's commands, as somebody who follows it from top to bottom."""

    def __init__(self, test: "Documents", section: Section):
        self._test, self._section = test, section
        self._port = process.free_port()
        self._engine: subprocess.Popen | None = None
        self._values: dict[str, str] = {}  # of words in capitals: what an earlier command printed
        self._environments: dict[str, dict[str, str]] = {}
        self._topic = Topic(partitions=2)
        self._own = f"documents_{uuid.uuid4().hex[:8]}"
        for name, text in section.files.items():
            (test.folder / name).write_text(text)
            self._environments[name] = self._environment(tomllib.loads(text))

    def _environment(self, shown: dict) -> dict[str, str]:
        for topic in {shown["kafka"]["topic"]} - {"events"}:
            raise ValueError(f"the topic {topic} is not known here")
        real = {
            "kafka": {
                "bootstrap_servers": broker().bootstrap,
                "topic": self._topic.name,
                "consumer_group": f"{shown['kafka']['consumer_group']}-{self._own}",
            },
            "iceberg": {"database_name": self._own, **addresses(shown["iceberg"])},
            "server": {"listen": f"127.0.0.1:{self._port}"},
        }
        return {**clean_environment(), **secrets(shown["iceberg"]["catalog_type"]), **overrides(real)}

    def type(self, words: list[str]) -> None:
        if words[0] == "curl":
            self._fetch(words)
        elif words[0] == "kafka-iceberg":
            self._run(words)
        else:
            self._test.fail(f"{words[0]} is not a program of this test")

    def _run(self, words: list[str]) -> None:
        arguments = [self._values.get(word, word) for word in words[1:]]
        for word in arguments:
            self._test.assertNotRegex(word, r"^[A-Z_]{3,}$", f"{words}: not printed by an earlier command")
        env = self._environments[arguments[arguments.index("-c") + 1]]
        if arguments[0] in ("run", "plan", "table"):  # which look at records
            self._topic.send(RECORDS)
        if arguments[0] == "run" and "--stop-at-end" not in arguments:
            self._start(arguments, env)
            return
        done = self._test.run_command(*arguments, env=env, timeout=120)
        self._test.assertEqual(0, done.returncode, f"{shlex.join(words)}:\n{done.stdout}{done.stderr}")
        if "describe" in words and "--json" in words:
            self._values["METADATA_LOCATION"] = json.loads(done.stdout)["metadata_location"]

    def _start(self, arguments: list[str], env: dict[str, str]) -> None:
        """An engine that lives until the section is at its end; the next command finds it at work."""
        self._log = self._test.folder / "engine.log"
        self._engine = process.start([str(BINARY), *arguments], str(self._log), env=env, cwd=str(self._test.folder))
        self._test.addCleanup(self._engine.kill)
        self._test.addCleanup(self._engine.wait)

        def ready() -> bool:
            self._test.assertIsNone(self._engine.poll(), "the engine ended")
            return self._test.http(self._port, "/readyz")[0] == 200

        process.wait_until("the engine is ready", ready)

    def _fetch(self, words: list[str]) -> None:
        """curl http://127.0.0.1:8088/PATH"""
        address = urllib.parse.urlparse(words[-1])
        self._test.assertEqual(LISTEN, address.netloc, words)
        status, text = self._test.http(self._port, address.path)
        self._test.assertEqual(200, status, f"{words}: {text}")

    def finish(self) -> None:
        if self._engine:
            self._engine.terminate()
            self._test.assertEqual(0, self._engine.wait(60), "the engine's end")


def sections() -> list[Section]:
    return [section for path in DOCUMENTS for section in sections_of(path.name, path.read_text())]


def names_of_variables(text: str) -> set[str]:
    return set(re.findall(r"\$\{(\w+)\}", text))


class Documents(Scenario):
    def follow(self, section: Section) -> None:
        for number, fragment in enumerate(section.fragments):
            self.check_fragment(fragment, f"fragment-{number}.toml")
        if not section.commands:
            self.assertEqual({}, section.files, "a configuration that no command uses")
            return
        typist = Typist(self, section)
        for words in section.commands:
            typist.type(words)
        typist.finish()

    def check_fragment(self, fragment: dict, name: str) -> None:
        """One catalog's section or some other part, with what every configuration has beside it."""
        whole = {
            "kafka": {"bootstrap_servers": "localhost:9092", "consumer_group": "documents"},
            "iceberg": {"catalog_type": "file", "database_name": "raw"},
        }
        if "routes" not in fragment:
            whole["kafka"]["topic"] = whole["iceberg"]["table_name"] = "events"
        if "iceberg" in fragment:
            (whole["iceberg"]["catalog_type"],) = fragment["iceberg"].keys()
        else:
            whole["iceberg"]["file"] = {"warehouse_path": str(self.folder / "warehouse")}
        path = self.folder / name
        path.write_text(to_toml(merged(whole, fragment)))
        variables = {variable: "value" for variable in names_of_variables(path.read_text())}
        done = self.run_command(
            "validate", "--deny-warnings", "-c", path, env={**clean_environment(), **variables}
        )
        self.assertEqual(0, done.returncode, f"{path.read_text()}{done.stdout}{done.stderr}")

    def diagnosis(self) -> str:
        logs = "\n".join(path.read_text()[-2500:] for path in self.folder.glob("engine.log"))
        return f"{logs}\n{servers().diagnosis()}"


def _test_of(section: Section):
    return lambda self: self.follow(section)


for _section in sections():
    if hasattr(Documents, _section.test_name):
        raise ValueError(f"two sections are called {_section.test_name}")
    setattr(Documents, _section.test_name, _test_of(_section))


class Prose(unittest.TestCase):
    """What the documents say between the blocks."""

    def test_commands_exist(self):
        shown = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
        known = set(re.findall(r"^  ([a-z]\w+) ", shown.partition("Subcommands:")[2], re.MULTILINE))
        self.assertIn("run", known)
        for path in DOCUMENTS:
            for span in re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)):
                words = span.removeprefix("kafka-iceberg ").split()
                if words and words[0] in known:
                    with self.subTest(f"{path.name}: {span}"):
                        self.check_command(words)

    def check_command(self, words: list[str]) -> None:
        chain = list(itertools.takewhile(re.compile("[a-z]").match, words))[:2]
        done = subprocess.run([BINARY, *chain, "--help"], capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        if len(chain) == 2:  # a second word that is not known is left out of the help silently
            self.assertNotIn("SUBCOMMAND", done.stdout, f"{chain[0]} has no command {chain[1]}")
        for option in (word for word in words if word.startswith("--")):
            self.assertRegex(done.stdout, rf"(?m)^  (-\w,)?{option}\b", "the command does not have this option")

    def test_links_lead_somewhere(self):
        for path in DOCUMENTS:
            for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
                self.assertTrue((path.parent / link).exists(), f"{path.name}: {link}")

    def test_messages_are_the_programs(self):
        """The first column of the tables in TROUBLESHOOTING.md: every piece between two "…" is in the sources."""
        sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.cc"))
        sources = re.sub(r'"\s*\n\s*"', "", sources).replace('\\"', '"')
        # What a server or a library says is no text of ours.
        foreign = {"wrong version number", "No such file or directory", "Could not resolve host", "InternalError"}
        foreign |= {"unable to open database file", "TProtocolException", "FATAL", "NoSuchBucket"}
        foreign |= {"SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "SQLite"}
        cells = re.findall(r"(?m)^\| ([^|]*`[^|]*) \|", (ROOT / "docs" / "TROUBLESHOOTING.md").read_text())
        pieces = {
            re.sub(r"^\d+\W+|\W+\d*$|^\W+", "", piece)
            for span in re.findall(r"`([^`]+)`", " ".join(cells))
            for piece in re.split(r"…|\d{3} |: ", span)
        }
        pieces = {piece for piece in pieces if len(piece) > 8 and not any(word in piece for word in foreign)}
        self.assertGreater(len(pieces), 30)
        self.assertEqual([], sorted(piece for piece in pieces if piece not in sources))

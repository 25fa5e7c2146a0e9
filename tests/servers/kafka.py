# SPDX-License-Identifier: Apache-2.0
"""A real Apache Kafka broker (KRaft, one node) on the loopback address, for the tests.

    broker = Kafka(folder); broker.start(); ... broker.bootstrap ...; broker.kill(); broker.start(); broker.stop()

The jars come from fetch_jars.sh. Topics are never created by themselves, so that a missing topic stays missing.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess

from tests.servers import process

CLUSTER_ID = "kafkaIcebergTestsAAAAA"
HERE = pathlib.Path(__file__).parent
JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.threads=1
num.network.threads=2
num.io.threads=2
num.recovery.threads.per.data.dir=1
background.threads=2
"""


def cache_folder() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ["HOME"], ".cache")
    return pathlib.Path(base, "kafka-iceberg")


def java_command() -> list[str]:
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if not java:
        raise RuntimeError("the test broker needs Java 17 or newer: ./dev test installs it")
    version = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    if int(re.search(r'version "(\d+)', version)[1]) < 17:
        raise RuntimeError(f"the test broker needs Java 17 or newer, {java} is: {version.splitlines()[0]}")
    return [java, *JVM]


class Kafka:
    def __init__(self, folder: str, heap: str = "256m"):
        self.folder = pathlib.Path(folder)
        self.home = cache_folder() / "kafka"
        self.heap = heap
        self.port = process.free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._java = java_command()
        self._child: subprocess.Popen | None = None
        self._starts = 0
        # Class data made by the first broker on this machine; halves the start of all later ones.
        stamp = self.home.joinpath(".pins").read_text().split()[0]
        self._archive = self.home / f"classes-{stamp}-{os.stat(self._java[0]).st_mtime_ns}.jsa"
        self._new_archive: pathlib.Path | None = None
        self._format()

    def _jvm(self, heap: str, *options: str) -> list[str]:
        sharing = ["-Xshare:auto", f"-XX:SharedArchiveFile={self._archive}", "-Xlog:cds=off", "-Xlog:class+path=off"]
        return [
            *self._java,
            f"-Xmx{heap}",
            *(sharing if self._archive.exists() else []),
            *options,
            "-cp",
            f"{self.home}/lib/*",
        ]

    def _properties(self, controller: int) -> str:
        return PROPERTIES.format(port=self.port, controller=controller, folder=self.folder)

    def _extra_format_arguments(self) -> list[str]:
        return []

    def _format(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.properties = self.folder / "server.properties"
        self.properties.write_text(self._properties(process.free_port()))
        done = subprocess.run(
            [
                *self._jvm("128m"),
                "kafka.tools.StorageTool",
                "format",
                "--standalone",
                "-t",
                CLUSTER_ID,
                "-c",
                self.properties,
                *self._extra_format_arguments(),
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"cannot format the broker's folder: {done.stdout}{done.stderr}")

    def start(self) -> "Kafka":
        """Starts the broker, again after stop() or kill(), and returns when it answers."""
        options = [f"-Dlog4j2.configurationFile={HERE}/kafka/log4j2.properties", f"-Xms{self.heap}"]
        if not self._archive.exists():
            self._new_archive = self._archive.with_suffix(f".{os.getpid()}")
            options.append(f"-XX:ArchiveClassesAtExit={self._new_archive}")
        self._starts += 1
        self.log = self.folder / f"server-{self._starts}.log"
        self._child = process.start(
            [*self._jvm(self.heap, *options), "kafka.Kafka", str(self.properties)], str(self.log)
        )

        def ready() -> bool:
            if self._child.poll() is not None:
                raise RuntimeError(f"the broker did not start:\n{self.log.read_text()[-3000:]}")
            return "Kafka Server started" in self.log.read_text()

        process.wait_until("the broker is ready", ready, timeout=120)
        return self

    def stop(self) -> None:
        """An orderly stop."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGCONT)
        self._child.terminate()
        try:
            self._child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None
        if self._new_archive and self._new_archive.exists():
            self._new_archive.replace(self._archive)
        self._new_archive = None

    def kill(self) -> None:
        """SIGKILL: what was not flushed stays in the page cache, so nothing that was acknowledged is lost."""
        self._child.kill()
        self._child.wait()
        self._child = None

    def freeze(self) -> None:
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._child.send_signal(signal.SIGCONT)

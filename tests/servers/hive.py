# SPDX-License-Identifier: Apache-2.0
"""The Hive Metastore: 3.1.3, whose commits need its lock, and 4.0.1, which can compare and set. Databases on disk."""

import pathlib
import socket
from xml.sax.saxutils import escape

from tests.servers import process
from tests.servers.server import JavaServer


class HiveMetastore(JavaServer):
    heap = "512m"
    extra: dict[str, str] = {}

    def __init__(self, folder: str | pathlib.Path):
        super().__init__(folder)
        self.port = process.free_port()
        self.uri = f"thrift://127.0.0.1:{self.port}"
        self.warehouse = self.folder / "warehouse"
        self.warehouse.mkdir(exist_ok=True)
        self._write_settings()

    def _write_settings(self) -> None:
        settings = {
            "metastore.thrift.bind.host": "127.0.0.1",
            "metastore.thrift.port": self.port,
            "metastore.warehouse.dir": f"file:{self.warehouse}",
            "javax.jdo.option.ConnectionURL": f"jdbc:derby:{self.folder}/database;create=true",
            "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
            "datanucleus.schema.autoCreateAll": "true",
            "metastore.schema.verification": "false",
            "hive.metastore.event.db.notification.api.auth": "false",
            **self.extra,
        }
        properties = "".join(
            f"  <property><name>{escape(key)}</name><value>{escape(str(value))}</value></property>\n"
            for key, value in settings.items()
        )
        conf = self.folder / "conf"
        conf.mkdir(exist_ok=True)
        (conf / "metastore-site.xml").write_text(f"<configuration>\n{properties}</configuration>\n")

    def options(self) -> list[str]:
        return [
            f"-Dderby.stream.error.file={self.folder}/derby.log",
            "-Dderby.system.durability=test",  # no fsync
        ]

    def class_path(self) -> str:
        return f"{self.folder}/conf:{super().class_path()}"

    def main(self) -> list[str]:
        return ["-cp", self.class_path(), "LocalMetastore", str(self.port)]

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return False


class Hive3(HiveMetastore):
    name = "Hive Metastore 3.1.3"
    jars = "hive3"
    extra = {
        "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
        "metastore.task.threads.always": "org.apache.hadoop.hive.metastore.events.EventCleanerTask",
    }


class Hive4(HiveMetastore):
    name = "Hive Metastore 4.0.1"
    jars = "hive4"
    extra = {"fs.s3.impl": "ObjectStoreFolders"}

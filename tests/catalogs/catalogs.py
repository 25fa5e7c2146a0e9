# SPDX-License-Identifier: Apache-2.0
"""The catalogs under test: for each, the engine's configuration, and PyIceberg on the same catalog.

A test asks for one by name, `catalog("rest-s3")`; the servers it needs are started when first asked for and live as
long as the run. What the configuration says is all that differs between them.
"""

import atexit
import functools
import pathlib
import sqlite3
from collections.abc import Callable

from pyiceberg.catalog import Catalog, load_catalog

from tests.catalogs.folder_catalog import FolderCatalog, LocalFolder, S3Folder
from tests.servers.fleet import Fleet
from tests.servers.nessie import WAREHOUSE
from tests.servers.tcp_proxy import TcpProxy


@functools.lru_cache(maxsize=1)
def servers() -> Fleet:
    """The servers of the whole run."""
    fleet = Fleet()
    atexit.register(fleet.end)
    return fleet


class Proxied:
    """An outage of a server on the network: a proxy of ours before it."""

    def __init__(self, port: int):
        self._proxy = TcpProxy(port)
        self._port = port
        self.begin = {
            "refused": self._proxy.refuse,
            "hanging": self._proxy.hang,
            "answers lost": self._proxy.lose_answers,
        }
        self.end = self._proxy.restore
        self.close = self._proxy.close

    def through(self, address: str) -> str:
        """`address` as it is reached through the proxy."""
        return address.replace(f":{self._port}", f":{self._proxy.port}")


class Locked:
    """An outage of a database in a file: somebody holds its lock."""

    def __init__(self, path: pathlib.Path):
        self._path = path
        self._holder: sqlite3.Connection | None = None
        self.begin = {"refused": self._lock, "hanging": self._lock, "answers lost": self._lock}

    def _lock(self) -> None:
        self._holder = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        self._holder.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        if self._holder:
            self._holder.close()
            self._holder = None

    close = end


class CatalogUnderTest:
    """`settings(through)` is the engine's [iceberg] section, in which `through` rewrites the catalog's address."""

    def __init__(
        self,
        name: str,
        settings: Callable[[Callable[[str], str]], dict],
        open_python: Callable[[], Catalog],
        open_outage: Callable[[], Proxied | Locked] | None,
        keeps_all_snapshots: bool = True,
        location: str | None = None,
        environment: dict[str, str] | None = None,
    ):
        self.name = name
        self.kind, _, self.storage = name.partition("-")
        self._settings = settings
        self._open_python = open_python
        self._open_outage = open_outage
        self.keeps_all_snapshots = keeps_all_snapshots
        self.location = location  # of namespaces, where PyIceberg must be told
        self.environment = environment or {}  # what the engine finds beside its configuration

    def settings(self, outage: Proxied | Locked | None = None) -> dict:
        return self._settings(getattr(outage, "through", str))

    @functools.cached_property
    def python(self) -> Catalog:
        return self._open_python()

    def another_python(self) -> Catalog:
        """A client of its own, for a thread of its own."""
        return self._open_python()

    @property
    def can_go_away(self) -> bool:
        return self._open_outage is not None

    def outage(self) -> Proxied | Locked:
        return self._open_outage()


# ------------------------------------------------------------------------------------ parts of configurations
def _folder(name: str) -> pathlib.Path:
    folder = servers().folder / "warehouses" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _s3_settings(through: Callable[[str], str] = str) -> dict:
    s3 = servers().seaweedfs
    return {
        "s3_endpoint": through(s3.endpoint),
        "s3_region": s3.region,
        "s3_access_key": s3.access_key,
        "s3_secret_key": s3.secret_key,
        "s3_path_style": True,
    }


def _s3_python() -> dict[str, str]:
    s3 = servers().seaweedfs
    return {
        "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
        "s3.endpoint": s3.endpoint,
        "s3.region": s3.region,
        "s3.access-key-id": s3.access_key,
        "s3.secret-access-key": s3.secret_key,
    }


def _s3_location(name: str) -> str:
    return f"s3://{servers().seaweedfs.bucket}/{name}"


# ------------------------------------------------------------------------------------ the catalogs
def _file_local(name: str) -> CatalogUnderTest:
    folder = _folder(name)
    return CatalogUnderTest(
        name,
        lambda through: {"catalog_type": "file", "file": {"warehouse_path": str(folder)}},
        lambda: FolderCatalog(LocalFolder(folder)),
        None,
    )


def _file_s3(name: str) -> CatalogUnderTest:
    s3 = servers().seaweedfs
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "file",
            "file": {"warehouse_path": _s3_location(name), **_s3_settings(through)},
        },
        lambda: FolderCatalog(S3Folder(s3.client, s3.bucket, name, _s3_python())),
        lambda: Proxied(s3.port),
    )


def _sql_local(name: str) -> CatalogUnderTest:
    folder = _folder(name)
    database = folder / "catalog.db"
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "sql",
            "sql": {"uri": f"sqlite:///{database}", "catalog_name": "tests", "warehouse_path": str(folder)},
        },
        lambda: load_catalog("tests", type="sql", uri=f"sqlite:///{database}", warehouse=f"file://{folder}"),
        lambda: Locked(database),
    )


def _sql_s3(name: str) -> CatalogUnderTest:
    database = servers().postgres
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "sql",
            "sql": {
                "uri": through(database.uri),
                "catalog_name": "tests",
                "warehouse_path": _s3_location(name),
                **_s3_settings(),
            },
        },
        lambda: load_catalog(
            "tests",
            type="sql",
            uri=database.uri.replace("postgresql:", "postgresql+psycopg2:"),
            warehouse=_s3_location(name),
            **_s3_python(),
        ),
        lambda: Proxied(database.port),
    )


def _rest_local(name: str) -> CatalogUnderTest:
    server = servers().rest
    return CatalogUnderTest(
        name,
        lambda through: {"catalog_type": "rest", "rest": {"uri": through(server.uri), "credential_type": "none"}},
        lambda: load_catalog("tests", type="rest", uri=server.uri),
        lambda: Proxied(server.port),
    )


def _rest_s3(name: str) -> CatalogUnderTest:
    """OAuth2, and keys for the objects that the catalog hands out."""
    server = servers().seaweedfs
    credential = f"{server.access_key}:{server.secret_key}"
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "rest",
            "rest": {
                "uri": through(server.uri),
                "warehouse": server.warehouse,
                "credential_type": "oauth2",
                "credential": credential,
                "oauth2_server_uri": through(server.token_uri),
                "scope": "catalog",
            },
        },
        lambda: load_catalog(
            "tests",
            **{
                "type": "rest",
                "uri": server.uri,
                "warehouse": server.warehouse,
                "credential": credential,
                "scope": "catalog",
                "header.X-Iceberg-Access-Delegation": "vended-credentials",
            },
        ),
        lambda: Proxied(server.rest_port),
    )


def _rest_sigv4(name: str) -> CatalogUnderTest:
    """Signed requests, by AWS's default chain of credentials; and keys of our own for the objects."""
    server = servers().seaweedfs
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "rest",
            "rest": {
                "uri": through(server.uri),
                "warehouse": server.warehouse,
                "credential_type": "sigv4",
                "signing_name": "s3tables",
                "signing_region": server.region,
                **_s3_settings(),
            },
        },
        lambda: load_catalog(
            "tests",
            **{
                "type": "rest",
                "uri": server.uri,
                "warehouse": server.warehouse,
                "rest.sigv4-enabled": "true",
                "rest.signing-region": server.region,
                "rest.signing-name": "s3tables",
                "client.access-key-id": server.access_key,
                "client.secret-access-key": server.secret_key,
                **_s3_python(),
            },
        ),
        lambda: Proxied(server.rest_port),
        environment={"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key},
    )


def _nessie_s3(name: str) -> CatalogUnderTest:
    server = servers().nessie
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "nessie",
            "nessie": {"uri": through(server.uri), "ref": "main", "warehouse": WAREHOUSE, **_s3_settings()},
        },
        lambda: load_catalog("tests", type="rest", uri=server.uri, **_s3_python()),
        lambda: Proxied(server.port),
        keeps_all_snapshots=False,
    )


def _glue(name: str, location: str, s3: dict, s3_python: dict) -> CatalogUnderTest:
    server = servers().glue
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "glue",
            "glue": {
                "region": server.region,
                "endpoint": through(server.endpoint),
                "access_key": server.access_key,
                "secret_key": server.secret_key,
                "warehouse_path": location.removeprefix("file://"),
                **s3,
            },
        },
        lambda: load_catalog(
            "tests",
            **{
                "type": "glue",
                "glue.endpoint": server.endpoint,
                "glue.region": server.region,
                "glue.access-key-id": server.access_key,
                "glue.secret-access-key": server.secret_key,
                "warehouse": location,
                **s3_python,
            },
        ),
        lambda: Proxied(server.port),
    )


def _glue_local(name: str) -> CatalogUnderTest:
    return _glue(name, f"file://{_folder(name)}", {}, {})


def _glue_s3(name: str) -> CatalogUnderTest:
    return _glue(name, _s3_location(name), _s3_settings(), _s3_python())


def _hive(name: str, server, lock: str, location: str, s3: dict, s3_python: dict) -> CatalogUnderTest:
    from tests.catalogs import hive_catalog

    kind = hive_catalog.HiveCatalog if lock == "lock" else hive_catalog.Hive4Catalog
    return CatalogUnderTest(
        name,
        lambda through: {
            "catalog_type": "hive",
            "hive": {
                "metastore_uri": through(server.uri),
                "warehouse_path": location.removeprefix("file://"),
                "commit_lock": lock,
                **s3,
            },
        },
        lambda: kind("tests", uri=server.uri, warehouse=location, **s3_python, **hive_catalog.LOCK_WAITS),
        lambda: Proxied(server.port),
        location=location,
    )


def _hive3_local(name: str) -> CatalogUnderTest:
    return _hive(name, servers().hive3, "lock", f"file://{_folder(name)}", {}, {})


def _hive4_s3(name: str) -> CatalogUnderTest:
    return _hive(name, servers().hive4, "compare-and-set", _s3_location(name), _s3_settings(), _s3_python())


_CATALOGS = {
    "file-local": _file_local,
    "file-s3": _file_s3,
    "sql-local": _sql_local,
    "sql-s3": _sql_s3,
    "rest-local": _rest_local,
    "rest-s3": _rest_s3,
    "rest-s3-sigv4": _rest_sigv4,
    "glue-local": _glue_local,
    "glue-s3": _glue_s3,
    "hive-local": _hive3_local,
    "hive-s3": _hive4_s3,
    "nessie-s3": _nessie_s3,
}
NAMES = tuple(_CATALOGS)


@functools.lru_cache(maxsize=None)
def catalog(name: str) -> CatalogUnderTest:
    return _CATALOGS[name](name)


def for_each_catalog(test_class: type) -> type:
    """Makes of every method check_SOMETHING(self, catalog) a test per catalog, test_SOMETHING_on_CATALOG."""

    def test_of(method_name: str, name: str):
        return lambda self: getattr(self, method_name)(catalog(name))

    for method_name in [name for name in vars(test_class) if name.startswith("check_")]:
        for name in NAMES:
            test_name = f"test_{method_name.removeprefix('check_')}_on_{name.replace('-', '_')}"
            setattr(test_class, test_name, test_of(method_name, name))
    return test_class

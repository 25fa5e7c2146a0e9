# SPDX-License-Identifier: Apache-2.0
"""PyIceberg as another writer of a table in a local folder."""

import json
import pathlib

import pyarrow as pa
from pyiceberg.table import Table

from tests.catalogs.folder_catalog import FolderCatalog, LocalFolder


class ForeignWriter:
    def __init__(self, folder: pathlib.Path):
        warehouse, *self._identifier = folder.parent.parent, folder.parent.name, folder.name
        self._catalog = FolderCatalog(LocalFolder(warehouse))

    def _table(self) -> Table:
        return self._catalog.load_table(tuple(self._identifier))

    def read(self) -> pa.Table:
        return self._table().scan().to_arrow()

    def append(self, rows: pa.Table) -> None:
        self._table().append(rows)

    def delete(self, where: str) -> None:
        """Rows are gone; files that held others too are rewritten."""
        self._table().delete(where)

    def set_property(self, key: str, value: str) -> None:
        with self._table().transaction() as transaction:
            transaction.set_properties({key: value})

    def properties(self) -> dict[str, str]:
        return json.loads(self._table().metadata.model_dump_json(by_alias=True))["properties"]

# SPDX-License-Identifier: Apache-2.0
"""PyIceberg as another writer of a table in a local folder.

PyIceberg has no catalog for this layout, so commits go through the smallest one that does: the next numbered
metadata file is created only if nobody else has.
"""

import json
import pathlib

import pyarrow as pa
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.table.update import update_table_metadata

from tests.e2e import table_check


class _FolderCatalog(NoopCatalog):
    def __init__(self, folder: pathlib.Path):
        super().__init__("folder")
        self.folder = folder

    def current(self) -> Table:
        checked = table_check.Table(self.folder)
        metadata = TableMetadataUtil.parse_raw(checked.location.read_text())
        from pyiceberg.io import load_file_io

        return Table(("raw", "events"), metadata, str(checked.location), load_file_io({}, str(self.folder)), self)

    def load_table(self, identifier) -> Table:
        return self.current()

    def commit_table(self, table, requirements, updates) -> CommitTableResponse:
        base = self.current()
        for requirement in requirements:
            requirement.validate(base.metadata)
        version = table_check.Table(self.folder).version
        updated = update_table_metadata(
            base.metadata, updates, enforce_validation=True, metadata_location=base.metadata_location
        )
        location = self.folder / "metadata" / f"v{version + 1}.metadata.json"
        try:
            with location.open("x") as file:
                file.write(updated.model_dump_json(by_alias=True, exclude_none=True))
        except FileExistsError:
            raise CommitFailedException(f"{location} exists") from None
        (self.folder / "metadata" / "version-hint.text").write_text(str(version + 1))
        return CommitTableResponse(metadata=updated, metadata_location=str(location))


class ForeignWriter:
    def __init__(self, folder: pathlib.Path):
        self.catalog = _FolderCatalog(pathlib.Path(folder))

    def read(self) -> pa.Table:
        return self.catalog.current().scan().to_arrow()

    def append(self, rows: pa.Table) -> None:
        self.catalog.current().append(rows)

    def set_property(self, key: str, value: str) -> None:
        with self.catalog.current().transaction() as transaction:
            transaction.set_properties({key: value})

    def properties(self) -> dict[str, str]:
        return json.loads(self.catalog.current().metadata.model_dump_json(by_alias=True))["properties"]

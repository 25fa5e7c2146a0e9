# SPDX-License-Identifier: Apache-2.0
"""PyIceberg as another client of the file catalog, for whose layout it has no catalog of its own.

A commit is the creation of the next numbered metadata file, which the folder allows only once.
"""

import os
import pathlib
import re
import uuid

from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.io import load_file_io
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import TableMetadataUtil, new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import update_table_metadata


class LocalFolder:
    """A warehouse in a local folder."""

    def __init__(self, root: str | pathlib.Path):
        self.root = pathlib.Path(root)
        self.location = str(root)
        self.io_properties: dict[str, str] = {}

    def names(self, folder: str) -> list[str]:
        path = self.root / folder
        return os.listdir(path) if path.exists() else []

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def create(self, path: str, text: str) -> None:
        """All at once, or FileExistsError: nobody ever sees half a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{uuid.uuid4().hex}")
        draft.write_text(text)
        try:
            os.link(draft, target)
        finally:
            draft.unlink()

    def replace(self, path: str, text: str) -> None:
        draft = self.root / f"{path}.{uuid.uuid4().hex}"
        draft.write_text(text)
        draft.replace(self.root / path)


class S3Folder:
    """A warehouse below a prefix of a bucket."""

    def __init__(self, client, bucket: str, prefix: str, io_properties: dict[str, str]):
        self.client, self.bucket, self.prefix = client, bucket, prefix
        self.location = f"s3://{bucket}/{prefix}"
        self.io_properties = io_properties

    def names(self, folder: str) -> list[str]:
        prefix = f"{self.prefix}/{folder}/"
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"].removeprefix(prefix) for page in pages for item in page.get("Contents", [])]

    def read(self, path: str) -> str:
        return self.client.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{path}")["Body"].read().decode()

    def create(self, path: str, text: str) -> None:
        try:
            self.client.put_object(
                Bucket=self.bucket, Key=f"{self.prefix}/{path}", Body=text.encode(), IfNoneMatch="*"
            )
        except self.client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412):
                raise FileExistsError(path) from None
            raise

    def replace(self, path: str, text: str) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}/{path}", Body=text.encode())


class FolderCatalog(NoopCatalog):
    def __init__(self, folder: LocalFolder | S3Folder):
        super().__init__("folder", **folder.io_properties)
        self.folder = folder

    def _versions(self, identifier) -> list[int]:
        names = self.folder.names("/".join((*self.identifier_to_tuple(identifier), "metadata")))
        return sorted(int(found[1]) for name in names if (found := re.fullmatch(r"v(\d+)\.metadata\.json", name)))

    def _path(self, identifier, version: int) -> str:
        return "/".join((*self.identifier_to_tuple(identifier), "metadata", f"v{version}.metadata.json"))

    def _table(self, identifier, metadata, path: str) -> Table:
        location = f"{self.folder.location}/{path}"
        io = load_file_io(dict(self.folder.io_properties), location)
        return Table(self.identifier_to_tuple(identifier), metadata, location, io, self)

    def _write(self, identifier, version: int, metadata) -> str:
        path = self._path(identifier, version)
        self.folder.create(path, metadata.model_dump_json(by_alias=True, exclude_none=True))
        self.folder.replace(path.rsplit("/", 1)[0] + "/version-hint.text", str(version))
        return path

    def create_namespace(self, namespace, properties=None) -> None:
        pass  # a folder comes with the first file in it

    def create_table(
        self,
        identifier,
        schema: Schema,
        location=None,
        partition_spec=UNPARTITIONED_PARTITION_SPEC,
        sort_order=UNSORTED_SORT_ORDER,
        properties=None,
    ) -> Table:
        place = f"{self.folder.location}/{'/'.join(self.identifier_to_tuple(identifier))}"
        metadata = new_table_metadata(schema, partition_spec, sort_order, place, properties or {})
        return self._table(identifier, metadata, self._write(identifier, 1, metadata))

    def table_exists(self, identifier) -> bool:
        return bool(self._versions(identifier))

    def load_table(self, identifier) -> Table:
        versions = self._versions(identifier)
        if not versions:
            raise NoSuchTableError(f"no metadata of {identifier} in {self.folder.location}")
        path = self._path(identifier, versions[-1])
        return self._table(identifier, TableMetadataUtil.parse_raw(self.folder.read(path)), path)

    def commit_table(self, table, requirements, updates) -> CommitTableResponse:
        identifier = table.name()
        version = self._versions(identifier)[-1]
        path = self._path(identifier, version)
        base = self._table(identifier, TableMetadataUtil.parse_raw(self.folder.read(path)), path)
        for requirement in requirements:
            requirement.validate(base.metadata)
        updated = update_table_metadata(
            base.metadata, updates, enforce_validation=True, metadata_location=base.metadata_location
        )
        try:
            written = self._write(identifier, version + 1, updated)
        except FileExistsError:
            raise CommitFailedException(f"version {version + 1} of {identifier} exists") from None
        return CommitTableResponse(metadata=updated, metadata_location=f"{self.folder.location}/{written}")

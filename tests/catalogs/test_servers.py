# SPDX-License-Identifier: Apache-2.0
"""The servers themselves, asked by PyIceberg alone: a server that fails here is not the engine's fault."""

import json
import unittest
import urllib.parse
import urllib.request
import uuid

import boto3
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table.update import AssertRefSnapshotId
from pyiceberg.types import LongType, NestedField

from tests.catalogs.catalogs import CatalogUnderTest, for_each_catalog, servers

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})


@for_each_catalog
class Smoke(unittest.TestCase):
    def diagnosis(self) -> str:
        return servers().diagnosis()

    def check_a_table_is_made_filled_and_read(self, catalog: CatalogUnderTest) -> None:
        namespace = f"smoke_{uuid.uuid4().hex[:8]}"
        client = catalog.python
        client.create_namespace(namespace, {"location": f"{catalog.location}/{namespace}"} if catalog.location else {})
        table = client.create_table((namespace, "numbers"), Schema(NestedField(1, "id", LongType())))
        self.assertEqual(catalog.storage.startswith("s3"), table.location().startswith("s3:"), table.location())
        table.append(ROWS)
        seen = catalog.another_python().load_table((namespace, "numbers")).scan().to_arrow()
        self.assertEqual([1, 2, 3], seen["id"].to_pylist())
        with self.assertRaises(CommitFailedException):
            client.commit_table(table, (AssertRefSnapshotId(ref="main", snapshot_id=1),), ())
        table.append(ROWS)
        read = client.load_table((namespace, "numbers"))
        self.assertEqual(6, read.scan().to_arrow().num_rows)
        self.assertEqual(2 if catalog.keeps_all_snapshots else 1, len(read.metadata.snapshots))


class GlueVersions(unittest.TestCase):
    def test_an_update_of_an_old_version_is_refused(self):
        glue = servers().glue.client("glue")
        glue.create_database(DatabaseInput={"Name": "versions"})
        glue.create_table(DatabaseName="versions", TableInput={"Name": "t"})
        version = glue.get_table(DatabaseName="versions", Name="t")["Table"]["VersionId"]
        glue.update_table(DatabaseName="versions", TableInput={"Name": "t"}, VersionId=version)
        with self.assertRaises(glue.exceptions.ConcurrentModificationException):
            glue.update_table(DatabaseName="versions", TableInput={"Name": "t"}, VersionId=version)


class Credentials(unittest.TestCase):
    def test_vended_keys_open_their_table_only(self):
        server = servers().seaweedfs
        form = {"grant_type": "client_credentials", "client_id": server.access_key, "client_secret": server.secret_key}
        with urllib.request.urlopen(server.token_uri, urllib.parse.urlencode(form).encode()) as answer:
            token = json.load(answer)["access_token"]
        namespace = f"vended_{uuid.uuid4().hex[:8]}"

        def post(path: str, body: dict) -> dict:
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "X-Iceberg-Access-Delegation": "vended-credentials",
            }
            request = urllib.request.Request(
                f"{server.uri}/v1/{server.table_bucket}/{path}", json.dumps(body).encode(), headers
            )
            with urllib.request.urlopen(request) as response:
                return json.load(response)

        post("namespaces", {"namespace": [namespace]})
        schema = {"type": "struct", "fields": [{"id": 1, "name": "id", "required": False, "type": "long"}]}
        config = post(f"namespaces/{namespace}/tables", {"name": "t", "schema": schema})["config"]
        client = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            region_name=server.region,
            aws_access_key_id=config["s3.access-key-id"],
            aws_secret_access_key=config["s3.secret-access-key"],
            aws_session_token=config["s3.session-token"],
        )
        client.put_object(Bucket=server.table_bucket, Key=f"{namespace}/t/data/x", Body=b"x")
        for bucket, key in ((server.table_bucket, f"{namespace}/other/x"), (server.bucket, "x")):
            with self.assertRaises(client.exceptions.ClientError):
                client.put_object(Bucket=bucket, Key=key, Body=b"x")

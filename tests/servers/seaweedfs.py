# SPDX-License-Identifier: Apache-2.0
"""SeaweedFS 4.48: S3, STS, and an Iceberg REST catalog with OAuth2, SigV4 and vended credentials."""

import functools
import json
import pathlib

import boto3
import botocore.config
import botocore.exceptions

from tests.servers import process
from tests.servers.server import Server, http_status, tool

ROLE = "arn:aws:iam::role/IcebergVend"
_ALLOW_ALL = {"Effect": "Allow", "Action": ["s3:*", "s3tables:*", "sts:*"], "Resource": ["*"]}


class SeaweedFS(Server):
    name = "SeaweedFS"
    region = "us-east-1"
    access_key, secret_key = "test-admin", "test-admin-secret"
    reader_key, reader_secret = "test-reader", "test-reader-secret"  # may read the bucket and nothing else
    bucket = "warehouse"  # an ordinary one
    table_bucket = "tables"  # the REST catalog's own
    writer_role = "arn:aws:iam::000000000000:role/Writer"  # what AssumeRole takes

    def __init__(self, folder: str | pathlib.Path, credential_seconds: int = 900):
        super().__init__(folder)
        self._ports = {name: process.free_port() for name in PORTS}
        self.port, self.rest_port = self._ports["s3.port"], self._ports["s3.port.iceberg"]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.uri = f"http://127.0.0.1:{self.rest_port}"
        self.token_uri = f"{self.uri}/v1/oauth/tokens"
        self.warehouse = f"s3://{self.table_bucket}"
        self._credential_seconds = credential_seconds
        (self.folder / "data").mkdir(exist_ok=True)
        self._write_identities()

    def _write_identities(self) -> None:
        identities = [
            {
                "name": "admin",
                "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            },
            {
                "name": "reader",
                "credentials": [{"accessKey": self.reader_key, "secretKey": self.reader_secret}],
                "actions": [f"Read:{self.bucket}", f"List:{self.bucket}"],
            },
        ]
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": "iceberg-catalog"},  # this very string, or the catalog vends nothing
            "Action": ["sts:AssumeRole", "sts:AssumeRoleWithCredentials", "sts:AssumeRoleWithWebIdentity"],
        }
        writer = {"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"]}
        iam = {
            "sts": {
                "issuer": "seaweedfs-sts",
                "signingKey": "dGVzdC1zaWduaW5nLWtleS0zMi1jaGFyYWN0ZXJzLWxvbmc=",
                "tokenDuration": "1h",
                "maxSessionLength": "12h",
            },
            "policy": {"defaultEffect": "Deny", "storeType": "memory"},
            "policies": [{"name": "All", "document": {"Version": "2012-10-17", "Statement": [_ALLOW_ALL]}}],
            "roles": [
                {
                    "roleName": "IcebergVend",
                    "roleArn": ROLE,
                    "trustPolicy": {"Version": "2012-10-17", "Statement": [trust]},
                    "attachedPolicies": ["All"],
                },
                {
                    "roleName": "Writer",
                    "roleArn": self.writer_role,
                    "trustPolicy": {"Version": "2012-10-17", "Statement": [writer]},
                    "attachedPolicies": ["All"],
                },
            ],
            "identities": identities,
        }
        (self.folder / "iam.json").write_text(json.dumps(iam))
        (self.folder / "s3.json").write_text(json.dumps({"identities": identities}))

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "S3_BUCKET": self.bucket,
            "S3_TABLE_BUCKET": self.table_bucket,
            "HOME": str(self.folder),
        }

    def command(self) -> list[str]:
        return [
            tool("weed"),
            "-logtostderr",
            "mini",
            f"-dir={self.folder}/data",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *(f"-{name}={port}" for name, port in self._ports.items()),
            "-s3.port.lance=0",
            "-webdav=false",
            "-admin.ui=false",
            "-master.telemetry=false",
            "-s3.autoCreateBucket=false",
            f"-s3.config={self.folder}/s3.json",
            f"-s3.iam.config={self.folder}/iam.json",
            f"-s3.externalUrl={self.endpoint}",
            f"-s3.iceberg.credentialRole={ROLE}",
            f"-s3.iceberg.credentialDurationSeconds={self._credential_seconds}",
        ]

    @functools.cached_property
    def client(self):
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=botocore.config.Config(
                retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10, s3={"addressing_style": "path"}
            ),
        )

    def answers(self) -> bool:
        # The ports open before the buckets exist, and the line that says so comes before the catalog finds its own.
        if "All enabled" not in self.log:
            return False
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            return False
        return http_status(self.rest_port, "/v1/config") != 0

    def stop(self, timeout: float = 20) -> None:
        """It takes up to 12 s to end in order and writes nothing that matters meanwhile."""
        self.kill()


PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
    "s3.port.iceberg",
    "admin.port",
    "admin.port.grpc",
)

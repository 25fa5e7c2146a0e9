# SPDX-License-Identifier: Apache-2.0
"""PyIceberg's Hive catalog, also for a Metastore 4, which no longer knows the calls that PyIceberg makes."""

import sys

from tests.servers.kafka import cache_folder

sys.path.insert(0, str(next(cache_folder().glob("thrift-*"))))  # published as source only; see fetch_servers.sh

from hive_metastore.ttypes import GetTableRequest, LockResponse, LockState, MetaException  # noqa: E402
from pyiceberg.catalog.hive import HiveCatalog  # noqa: E402
from pyiceberg.exceptions import CommitFailedException  # noqa: E402

# PyIceberg's own would sleep up to a minute between two looks at a lock.
LOCK_WAITS = {"lock-check-min-wait-time": "0.02", "lock-check-max-wait-time": "0.3", "lock-check-retries": "60"}


class _Metastore4:
    """The old calls in terms of the new ones; and as the engine does there, a change of a table says which state it
    expects instead of taking a lock."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def get_table(self, dbname, tbl_name):
        return self._client.get_table_req(GetTableRequest(dbName=dbname, tblName=tbl_name)).table

    def lock(self, request):
        return LockResponse(lockid=0, state=LockState.ACQUIRED)

    def unlock(self, request):
        pass

    def alter_table_with_environment_context(self, dbname, tbl_name, new_tbl, environment_context):
        expected = new_tbl.parameters.get("previous_metadata_location")
        environment_context.properties.update(
            expected_parameter_key="metadata_location", expected_parameter_value=expected
        )
        try:
            self._client.alter_table_with_environment_context(dbname, tbl_name, new_tbl, environment_context)
        except MetaException as error:
            if "has been modified" in str(error):
                raise CommitFailedException(error.message) from None
            raise


class Hive4Catalog(HiveCatalog):
    @staticmethod
    def _create_hive_client(properties):
        client = HiveCatalog._create_hive_client(properties)
        opened = client._client
        client._client = lambda: _Metastore4(opened())
        return client

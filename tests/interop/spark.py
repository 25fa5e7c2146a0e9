# SPDX-License-Identifier: Apache-2.0
"""Apache Spark with the Iceberg runtime, on a warehouse in a local folder (the Hadoop catalog's layout)."""

import os
import pathlib
import sys

from tests.servers.kafka import cache_folder


def session(warehouse: pathlib.Path, scratch: pathlib.Path):
    """A local session in which `local.raw.events` is the table raw.events of `warehouse`."""
    home = cache_folder() / "spark"
    for place in (home / "source", next(home.glob("py4j-*.whl"))):
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
    os.environ.update(
        SPARK_HOME=str(home / "source" / "deps"),
        SPARK_LOCAL_IP="127.0.0.1",
        PYSPARK_PYTHON=sys.executable,
        SPARK_LOCAL_DIRS=str(scratch),
        TZ="UTC",
    )
    from pyspark.sql import SparkSession

    jar = next((home / "jars").glob("iceberg-spark-runtime-*.jar"))
    settings = {
        "spark.jars": jar,
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.local": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.local.type": "hadoop",
        "spark.sql.catalog.local.warehouse": warehouse,
        "spark.sql.catalog.local.cache-enabled": "false",  # the engine commits behind its back
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": scratch / "unused",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:+UseSerialGC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]").appName("kafka-iceberg-tests")
    for key, value in settings.items():
        builder = builder.config(key, str(value))
    return builder.getOrCreate()

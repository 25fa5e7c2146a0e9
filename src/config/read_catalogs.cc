// SPDX-License-Identifier: Apache-2.0
#include "config/read_catalogs.h"

namespace kafka_iceberg::config {
namespace {

constexpr int64_t kTimeoutSecondsMax = 3600;

void ReadS3(SectionReader& reader, S3StoreOptions& s3) {
  reader.String("s3_endpoint", s3.s3_endpoint);
  reader.String("s3_region", s3.s3_region);
  reader.String("s3_access_key", s3.s3_access_key);
  reader.String("s3_secret_key", s3.s3_secret_key);
  reader.String("s3_session_token", s3.s3_session_token);
  if (reader.Has("s3_path_style")) {
    bool path_style = true;
    reader.Bool("s3_path_style", path_style);
    s3.s3_path_style = path_style;
  } else {
    reader.Take("s3_path_style");
  }
  reader.Choice("s3_server_side_encryption", s3.s3_server_side_encryption,
                {"", "AES256", "aws:kms"});
  reader.String("s3_kms_key_id", s3.s3_kms_key_id);
}

void ReadFile(const ReadContext& context, const toml::table* table, FileCatalogOptions& file) {
  SectionReader reader(context, table, "iceberg.file");
  reader.String("warehouse_path", file.warehouse_path);
  ReadS3(reader, file.s3);
  reader.Finish();
}

void ReadSql(const ReadContext& context, const toml::table* table, SqlCatalogOptions& sql) {
  SectionReader reader(context, table, "iceberg.sql");
  reader.String("uri", sql.uri);
  reader.String("catalog_name", sql.catalog_name);
  reader.String("warehouse_path", sql.warehouse_path);
  ReadS3(reader, sql.s3);
  reader.Finish();
}

void ReadRest(const ReadContext& context, const toml::table* table, RestCatalogOptions& rest) {
  SectionReader reader(context, table, "iceberg.rest");
  reader.String("uri", rest.uri);
  reader.String("warehouse", rest.warehouse);
  reader.Choice("credential_type", rest.credential_type, {"none", "bearer", "oauth2", "sigv4"});
  reader.String("credential", rest.credential);
  reader.String("oauth2_server_uri", rest.oauth2_server_uri);
  reader.String("scope", rest.scope);
  reader.String("signing_name", rest.signing_name);
  reader.String("signing_region", rest.signing_region);
  reader.StringMap("headers", rest.headers);
  reader.Bool("vended_credentials", rest.vended_credentials);
  reader.Int("request_timeout_seconds", rest.request_timeout_seconds, 1, kTimeoutSecondsMax);
  reader.Int("max_retries", rest.max_retries, 0, 100);
  ReadS3(reader, rest.s3);
  reader.Finish();
}

void ReadGlue(const ReadContext& context, const toml::table* table, GlueCatalogOptions& glue) {
  SectionReader reader(context, table, "iceberg.glue");
  reader.String("region", glue.region);
  reader.String("role_arn", glue.role_arn);
  reader.String("external_id", glue.external_id);
  reader.String("catalog_id", glue.catalog_id);
  reader.String("endpoint", glue.endpoint);
  reader.String("access_key", glue.access_key);
  reader.String("secret_key", glue.secret_key);
  reader.String("warehouse_path", glue.warehouse_path);
  reader.Bool("skip_archive", glue.skip_archive);
  reader.Int("request_timeout_seconds", glue.request_timeout_seconds, 1, kTimeoutSecondsMax);
  ReadS3(reader, glue.s3);
  reader.Finish();
}

void ReadHive(const ReadContext& context, const toml::table* table, HiveCatalogOptions& hive) {
  SectionReader reader(context, table, "iceberg.hive");
  reader.String("metastore_uri", hive.metastore_uri);
  reader.String("warehouse_path", hive.warehouse_path);
  reader.Choice("commit_lock", hive.commit_lock, {"lock", "compare-and-set", "auto"});
  reader.Int("request_timeout_seconds", hive.request_timeout_seconds, 1, kTimeoutSecondsMax);
  reader.Int("lock_timeout_seconds", hive.lock_timeout_seconds, 1, kTimeoutSecondsMax);
  ReadS3(reader, hive.s3);
  reader.Finish();
}

void ReadNessie(const ReadContext& context, const toml::table* table,
                NessieCatalogOptions& nessie) {
  SectionReader reader(context, table, "iceberg.nessie");
  reader.String("uri", nessie.uri);
  reader.String("ref", nessie.ref);
  reader.String("warehouse", nessie.warehouse);
  reader.Choice("credential_type", nessie.credential_type, {"none", "bearer", "oauth2"});
  reader.String("credential", nessie.credential);
  reader.String("oauth2_server_uri", nessie.oauth2_server_uri);
  reader.String("scope", nessie.scope);
  reader.Int("request_timeout_seconds", nessie.request_timeout_seconds, 1, kTimeoutSecondsMax);
  reader.Int("max_retries", nessie.max_retries, 0, 100);
  ReadS3(reader, nessie.s3);
  reader.Finish();
}

}  // namespace

void ReadCatalogs(const ReadContext& context, SectionReader& reader, IcebergOptions& iceberg) {
  ReadFile(context, reader.Table("file"), iceberg.file);
  ReadSql(context, reader.Table("sql"), iceberg.sql);
  ReadRest(context, reader.Table("rest"), iceberg.rest);
  ReadGlue(context, reader.Table("glue"), iceberg.glue);
  ReadHive(context, reader.Table("hive"), iceberg.hive);
  ReadNessie(context, reader.Table("nessie"), iceberg.nessie);
}

}  // namespace kafka_iceberg::config

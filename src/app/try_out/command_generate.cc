// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "engine/connect.h"
#include "engine/module_options.h"

namespace kafka_iceberg::app {
namespace {

using Json = nlohmann::ordered_json;

// What a policy is made for; each right that is not listed is not needed.
struct Purpose {
  bool writes = true;         // new files
  bool changes_table = true;  // commits
  bool deletes = false;       // files
};

Purpose PurposeOf(const std::string& name) {
  if (name == "maintain") return {.deletes = true};
  if (name == "orphan-cleanup") return {.writes = false, .changes_table = false, .deletes = true};
  return {};
}

Json Statement(const char* id, std::vector<std::string> actions,
               std::vector<std::string> resources) {
  return {{"Sid", id},
          {"Effect", "Allow"},
          {"Action", std::move(actions)},
          {"Resource", std::move(resources)}};
}

void AddS3(const std::string& warehouse, const config::S3StoreOptions& s3, const Purpose& purpose,
           Json& statements) {
  const size_t bucket_from = warehouse.find("://") + 3;
  const size_t bucket_end = std::min(warehouse.find('/', bucket_from), warehouse.size());
  const std::string bucket = warehouse.substr(bucket_from, bucket_end - bucket_from);
  std::string prefix = warehouse.substr(std::min(bucket_end + 1, warehouse.size()));
  while (prefix.ends_with('/')) prefix.pop_back();
  const std::string objects = prefix.empty() ? "*" : prefix + "/*";

  Json list = Statement("ListWarehouse", {"s3:ListBucket"}, {"arn:aws:s3:::" + bucket});
  if (!prefix.empty()) list["Condition"] = {{"StringLike", {{"s3:prefix", {objects}}}}};
  statements.push_back(std::move(list));
  std::vector<std::string> actions = {"s3:GetObject"};
  if (purpose.writes) {
    actions.emplace_back("s3:PutObject");
    actions.emplace_back("s3:AbortMultipartUpload");
  }
  if (purpose.deletes) actions.emplace_back("s3:DeleteObject");
  statements.push_back(Statement("WarehouseObjects", std::move(actions),
                                 {fmt::format("arn:aws:s3:::{}/{}", bucket, objects)}));
  if (s3.s3_server_side_encryption == "aws:kms") {
    const std::string key = s3.s3_kms_key_id.empty() ? "*" : s3.s3_kms_key_id;
    const std::string arn = key.starts_with("arn:") ? key : "arn:aws:kms:*:*:key/" + key;
    statements.push_back(Statement("WarehouseKey", {"kms:GenerateDataKey", "kms:Decrypt"}, {arn}));
  }
}

void AddGlue(const config::Options& options, const Purpose& purpose, Json& statements) {
  const config::GlueCatalogOptions& glue = options.iceberg.glue;
  const std::string arn =
      fmt::format("arn:aws:glue:{}:{}:", glue.region.empty() ? "*" : glue.region,
                  glue.catalog_id.empty() ? "*" : glue.catalog_id);
  const std::string& database = options.iceberg.database_name;
  const std::vector<std::string> resources = {
      arn + "catalog", arn + "database/" + database,
      // Routes may name tables that are not known yet.
      fmt::format("{}table/{}/{}", arn, database,
                  options.routing.routes.empty() ? options.iceberg.table_name : "*")};
  std::vector<std::string> actions = {"glue:GetDatabase", "glue:GetTable"};
  if (purpose.changes_table) {
    actions.emplace_back("glue:UpdateTable");
    if (options.iceberg.table_management.auto_create_if_missing) {
      actions.emplace_back("glue:CreateDatabase");
      actions.emplace_back("glue:CreateTable");
    }
  }
  statements.push_back(Statement("Table", std::move(actions), resources));
  if (!glue.role_arn.empty()) {
    std::cerr << fmt::format(
        "note: attach this policy to {}, and allow whoever runs kafka-iceberg sts:AssumeRole on "
        "it\n",
        glue.role_arn);
  }
}

}  // namespace

int GenerateIamPolicyCommand(const Arguments& arguments, Runtime&) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const Purpose purpose = PurposeOf(arguments.purpose);
  const engine::WarehouseOptions warehouse = engine::WarehouseFor(*options);
  Json statements = Json::array();
  if (warehouse.location.starts_with("s3")) {
    AddS3(warehouse.location, warehouse.s3, purpose, statements);
  }
  if (options->iceberg.catalog_type == "glue") AddGlue(*options, purpose, statements);
  if (statements.empty()) {
    return ReportError(Error::Unsupported(
        "nothing in this configuration is on AWS: the catalog is {}, the warehouse {}",
        options->iceberg.catalog_type,
        warehouse.location.empty() ? "the catalog's own" : warehouse.location));
  }
  std::cout << JsonText({{"Version", "2012-10-17"}, {"Statement", statements}}) << "\n";
  return kExitOk;
}

}  // namespace kafka_iceberg::app

// SPDX-License-Identifier: Apache-2.0
#include "iceberg/table_metadata_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr std::string_view kLocation = "file:///warehouse/db/t/metadata/v1.metadata.json";

std::string Golden(std::string_view name) {
  std::ifstream file(fmt::format("{}/pyiceberg_{}.metadata.json", TESTDATA_DIR, name));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TableMetadata MustParse(std::string_view json) {
  auto metadata = TableMetadataFromJson(json, kLocation);
  EXPECT_THAT(metadata, IsOk());
  return metadata.ok() ? *std::move(metadata) : TableMetadata();
}

// A copy of the golden file with `change` applied, which must be refused.
template <typename Change>
Error ErrorAfter(std::string_view golden, Change change) {
  nlohmann::json json = nlohmann::json::parse(Golden(golden));
  change(json);
  const auto metadata = TableMetadataFromJson(json.dump(), kLocation);
  return metadata.ok() ? Error(ErrorCode::kCancelled, "accepted") : metadata.error();
}

template <typename Change>
TableMetadata ParsedAfter(std::string_view golden, Change change) {
  nlohmann::json json = nlohmann::json::parse(Golden(golden));
  change(json);
  return MustParse(json.dump());
}

// Nulls and empty identifier lists mean the same as absence.
nlohmann::json Normalised(const nlohmann::json& json) {
  if (json.is_array()) {
    nlohmann::json out = nlohmann::json::array();
    for (const auto& element : json) out.push_back(Normalised(element));
    return out;
  }
  if (!json.is_object()) return json;
  nlohmann::json out = nlohmann::json::object();
  for (auto member = json.begin(); member != json.end(); ++member) {
    const bool empty_list = member.key() == "identifier-field-ids" && member->empty();
    if (!member->is_null() && !empty_list) out[member.key()] = Normalised(*member);
  }
  return out;
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string input = text;
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(TableMetadataJson, ReadsATableWithHistory) {
  const TableMetadata metadata = MustParse(Golden("v2_history"));
  EXPECT_EQ(metadata.format_version, 2);
  EXPECT_EQ(metadata.location, "file:///warehouse/db/t");
  EXPECT_EQ(metadata.last_sequence_number, 3);
  EXPECT_EQ(metadata.last_column_id, 18);
  EXPECT_EQ(metadata.schemas.size(), 2U);
  EXPECT_EQ(metadata.schema().FindField("addr.city")->id, 18);
  EXPECT_EQ(metadata.schema().FindField("attrs.value.v")->id, 16);
  EXPECT_EQ(metadata.schema().FindField("price")->type, Type::Decimal(9, 2));
  EXPECT_EQ(metadata.schema().FindField("id")->doc, "the key");
  EXPECT_EQ(metadata.schema().identifier_field_ids, std::vector<int32_t>{1});
  EXPECT_EQ(metadata.spec().fields.size(), 2U);
  EXPECT_EQ(ToString(metadata.spec().fields[1].transform), "truncate[2]");
  EXPECT_EQ(metadata.last_partition_id, 1002);
  EXPECT_FALSE(metadata.sort_order().fields[0].ascending);
  EXPECT_EQ(metadata.Property("note", ""), "caf\xc3\xa9 \"x\"\n");
  ASSERT_EQ(metadata.snapshots.size(), 3U);
  EXPECT_EQ(metadata.current_snapshot(), &metadata.snapshots[2]);
  EXPECT_EQ(metadata.snapshots[1].summary.at("kafka-iceberg.commit-id"), "abc");
  EXPECT_EQ(metadata.snapshots[2].parent_snapshot_id, metadata.snapshots[1].snapshot_id);
  EXPECT_EQ(metadata.snapshots[2].operation(), "append");
  EXPECT_EQ(metadata.metadata_log.size(), 5U);
  ASSERT_EQ(metadata.refs.size(), 3U);
  EXPECT_FALSE(metadata.refs.at("first").is_branch);
  EXPECT_EQ(metadata.refs.at("first").max_ref_age_ms, 86'400'000);
  EXPECT_EQ(metadata.refs.at("audit").min_snapshots_to_keep, 3);
  EXPECT_EQ(metadata.refs.at("audit").max_snapshot_age_ms, 2'000'000);
  EXPECT_EQ(metadata.Head("audit"), &metadata.snapshots[1]);
}

TEST(TableMetadataJson, WritesBackEverythingItRead) {
  for (const std::string_view name : {"v1", "v2_empty", "v2_history"}) {
    const std::string golden = Golden(name);
    const TableMetadata metadata = MustParse(golden);
    const std::string written = TableMetadataToJson(metadata);
    EXPECT_EQ(MustParse(written), metadata) << name;
    nlohmann::json expected = Normalised(nlohmann::json::parse(golden));
    nlohmann::json found = Normalised(nlohmann::json::parse(written));
    if (!metadata.current_snapshot_id) expected["current-snapshot-id"] = -1;
    EXPECT_EQ(found, expected) << name;
  }
}

TEST(TableMetadataJson, UnknownMembersSurvive) {
  const TableMetadata metadata = ParsedAfter("v2_history", [](nlohmann::json& json) {
    json["encryption-keys"] = {{{"key-id", "k"}, {"secret", "s"}}};
    json["x-vendor"] = {{"n", 1.5}, {"deep", {1, "two", nullptr}}};
    json["snapshots"][1]["x-staged"] = true;
    json["snapshots"][1]["summary"]["engine-name"] = "x";
  });
  const auto json = nlohmann::json::parse(TableMetadataToJson(metadata));
  EXPECT_EQ(json["encryption-keys"][0]["key-id"], "k");
  EXPECT_EQ(json["x-vendor"].dump(), R"({"deep":[1,"two",null],"n":1.5})");
  EXPECT_EQ(json["snapshots"][1]["x-staged"], true);
  EXPECT_EQ(json["snapshots"][1]["summary"]["engine-name"], "x");
  EXPECT_EQ(json["statistics"], nlohmann::json::array());
}

TEST(TableMetadataJson, NoCurrentSnapshotIsAbsentNullOrMinusOne) {
  for (const auto& none : {nlohmann::json(), nlohmann::json(-1)}) {
    const auto metadata =
        ParsedAfter("v2_empty", [&](nlohmann::json& json) { json["current-snapshot-id"] = none; });
    EXPECT_EQ(metadata.current_snapshot_id, std::nullopt);
    EXPECT_EQ(metadata.current_snapshot(), nullptr);
  }
  const auto absent =
      ParsedAfter("v2_empty", [](nlohmann::json& json) { json.erase("current-snapshot-id"); });
  EXPECT_EQ(absent.current_snapshot_id, std::nullopt);
  EXPECT_THAT(TableMetadataToJson(absent), HasSubstr("\"current-snapshot-id\":-1"));
}

TEST(TableMetadataJson, Version3WritesNullAndRowIds) {
  TableMetadata metadata = MustParse(Golden("v2_empty"));
  metadata.format_version = 3;
  metadata.next_row_id = 7;
  const std::string json = TableMetadataToJson(metadata);
  EXPECT_THAT(json, HasSubstr("\"current-snapshot-id\":null,\"next-row-id\":7"));
  EXPECT_EQ(MustParse(json), metadata);
  Snapshot snapshot;
  snapshot.snapshot_id = 5;
  snapshot.manifest_list = "l";
  snapshot.first_row_id = 0;
  snapshot.added_rows = 7;
  snapshot.key_id = "k";
  metadata.snapshots.push_back(snapshot);
  EXPECT_EQ(MustParse(TableMetadataToJson(metadata)), metadata);
}

TEST(TableMetadataJson, DefaultsOfColumnsSurvive) {
  TableMetadata metadata = MustParse(Golden("v2_empty"));
  metadata.format_version = 3;
  metadata.schemas[0].fields[2].initial_default = "\"caf\xc3\xa9\"";
  metadata.schemas[0].fields[3].write_default = "\"1.25\"";
  EXPECT_EQ(MustParse(TableMetadataToJson(metadata)), metadata);
}

TEST(TableMetadataJson, MainIsSynthesisedFromTheCurrentSnapshot) {
  for (const bool keep_others : {true, false}) {
    const auto metadata = ParsedAfter("v2_history", [&](nlohmann::json& json) {
      if (keep_others) json["refs"].erase("main");
      if (!keep_others) json.erase("refs");
    });
    ASSERT_TRUE(metadata.refs.contains("main"));
    EXPECT_EQ(metadata.refs.at("main").snapshot_id, *metadata.current_snapshot_id);
    EXPECT_TRUE(metadata.refs.at("main").is_branch);
  }
}

TEST(TableMetadataJson, Version1ReadsItsOldMembers) {
  const auto metadata = ParsedAfter("v1", [](nlohmann::json& json) {
    for (const char* name :
         {"schemas", "current-schema-id", "partition-specs", "default-spec-id", "last-partition-id",
          "sort-orders", "default-sort-order-id", "refs", "table-uuid", "statistics"}) {
      json.erase(name);
    }
    json["schema"].erase("schema-id");
    json["partition-spec"][0].erase("field-id");
    auto& snapshot = json["snapshots"][0];
    snapshot.erase("manifest-list");
    snapshot.erase("summary");
    snapshot["manifests"] = {"a.avro", "b.avro"};
  });
  EXPECT_EQ(metadata.format_version, 1);
  EXPECT_EQ(metadata.table_uuid, "");
  EXPECT_EQ(metadata.schema().fields.size(), 2U);
  EXPECT_EQ(metadata.spec().fields[0].field_id, 1000);
  EXPECT_EQ(metadata.last_partition_id, 1000);
  EXPECT_TRUE(metadata.sort_order().fields.empty());
  EXPECT_EQ(metadata.last_sequence_number, 0);
  EXPECT_EQ(metadata.snapshots[0].manifests, (std::vector<std::string>{"a.avro", "b.avro"}));
  EXPECT_EQ(metadata.Head(), &metadata.snapshots[0]);
  const auto json = nlohmann::json::parse(TableMetadataToJson(metadata));
  EXPECT_EQ(json["schema"], json["schemas"][0]);
  EXPECT_EQ(json["partition-spec"], json["partition-specs"][0]["fields"]);
  EXPECT_FALSE(json.contains("last-sequence-number"));
  EXPECT_FALSE(json["snapshots"][0].contains("sequence-number"));
  EXPECT_EQ(MustParse(json.dump()), metadata);
}

TEST(TableMetadataJson, AVersion1TableWithoutPartitionsEndsAt999) {
  const auto metadata = ParsedAfter("v1", [](nlohmann::json& json) {
    json.erase("last-partition-id");
    json.erase("partition-specs");
    json["partition-spec"] = nlohmann::json::array();
  });
  EXPECT_EQ(metadata.last_partition_id, 999);
}

TEST(TableMetadataJson, LegacyMembersOfNewerVersionsAreNotCarriedAlong) {
  const auto metadata = ParsedAfter("v2_empty", [](nlohmann::json& json) {
    json["schema"] = json["schemas"][0];
    json["partition-spec"] = nlohmann::json::array();
  });
  EXPECT_FALSE(nlohmann::json::parse(TableMetadataToJson(metadata)).contains("schema"));
}

TEST(TableMetadataJson, UnknownTransformsAreKept) {
  const auto metadata = ParsedAfter("v2_history", [](nlohmann::json& json) {
    json["partition-specs"][0]["fields"][0]["transform"] = "zorder[7]";
    json["partition-specs"][0]["fields"][1].erase("source-id");
    json["partition-specs"][0]["fields"][1]["source-ids"] = {1};
  });
  EXPECT_EQ(metadata.partition_specs[0].fields[0].transform.kind, TransformKind::kUnknown);
  EXPECT_EQ(metadata.partition_specs[0].fields[1].source_id, 1);
  EXPECT_THAT(TableMetadataToJson(metadata), HasSubstr("zorder[7]"));
}

TEST(TableMetadataJson, GzipIsToldByTheName) {
  const std::string text = Golden("v2_history");
  const std::string packed = Gzip(text);
  for (const std::string_view location :
       {"s3://b/t/metadata/v7.gz.metadata.json", "s3://b/t/metadata/v7.metadata.json.gz"}) {
    const auto metadata = TableMetadataFromJson(packed, location);
    ASSERT_THAT(metadata, IsOk());
    EXPECT_EQ(*metadata, MustParse(text));
    EXPECT_THAT(TableMetadataFromJson(text, location), IsError(ErrorCode::kCorrupt));
    EXPECT_THAT(TableMetadataFromJson(packed + "x", location), IsError(ErrorCode::kCorrupt));
    EXPECT_THAT(TableMetadataFromJson(packed.substr(0, packed.size() / 2), location),
                IsError(ErrorCode::kCorrupt));
  }
  EXPECT_THAT(TableMetadataFromJson(packed, kLocation), IsError(ErrorCode::kCorrupt));
}

TEST(TableMetadataJson, NewerFormatsAreUnsupported) {
  for (const int version : {4, 5, 1000}) {
    const Error error =
        ErrorAfter("v2_empty", [&](nlohmann::json& json) { json["format-version"] = version; });
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.message(), HasSubstr(kLocation));
  }
}

TEST(TableMetadataJson, UnknownTypesAreUnsupported) {
  EXPECT_EQ(
      ErrorAfter("v2_empty",
                 [](nlohmann::json& json) { json["schemas"][0]["fields"][0]["type"] = "interval"; })
          .code(),
      ErrorCode::kUnsupported);
  EXPECT_EQ(ErrorAfter("v2_history",
                       [](nlohmann::json& json) {
                         auto& field = json["partition-specs"][0]["fields"][0];
                         field.erase("source-id");
                         field["source-ids"] = {1, 2};
                       })
                .code(),
            ErrorCode::kUnsupported);
}

TEST(TableMetadataJson, MissingMembersAreCorrupt) {
  for (const std::string name :
       {"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id", "schemas", "current-schema-id", "partition-specs", "default-spec-id",
        "last-partition-id", "sort-orders", "default-sort-order-id"}) {
    const Error error = ErrorAfter("v2_history", [&](nlohmann::json& json) { json.erase(name); });
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt) << name;
    EXPECT_THAT(error.message(), HasSubstr(name));
  }
}

TEST(TableMetadataJson, EveryMemberOfAnotherTypeIsRefused) {
  const auto golden = nlohmann::json::parse(Golden("v2_history"));
  const std::vector<nlohmann::json> others = {
      true,       1.5,  "text", nlohmann::json::array({1}),
      {{"a", 1}}, 1e30, -7,     nlohmann::json::array({nullptr})};
  for (auto member = golden.begin(); member != golden.end(); ++member) {
    for (const nlohmann::json& other : others) {
      // What is not interpreted may be anything; a number may replace a number.
      if (member.key().ends_with("statistics")) continue;
      if (other.type() == member->type() || (other.is_number_integer() && member->is_number()))
        continue;
      const Error error =
          ErrorAfter("v2_history", [&](nlohmann::json& json) { json[member.key()] = other; });
      EXPECT_THAT(error.code(), AnyOf(ErrorCode::kCorrupt, ErrorCode::kUnsupported))
          << member.key() << " " << other.dump() << " " << error.message();
    }
  }
}

TEST(TableMetadataJson, RepeatedIdsAreCorrupt) {
  for (const std::string list : {"schemas", "partition-specs", "sort-orders", "snapshots"}) {
    const Error error = ErrorAfter(
        "v2_history", [&](nlohmann::json& json) { json[list].push_back(json[list][0]); });
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt) << list;
    EXPECT_THAT(error.message(), HasSubstr("two ")) << list;
  }
  EXPECT_EQ(ErrorAfter("v2_empty",
                       [](nlohmann::json& json) { json["schemas"][0]["fields"][1]["id"] = 13; })
                .code(),
            ErrorCode::kCorrupt);
  EXPECT_EQ(ErrorAfter("v2_empty",
                       [](nlohmann::json& json) {
                         json["partition-specs"][0]["fields"][1]["field-id"] = 1000;
                       })
                .code(),
            ErrorCode::kCorrupt);
}

TEST(TableMetadataJson, DanglingIdsAreCorrupt) {
  const std::vector<std::function<void(nlohmann::json&)>> changes = {
      [](nlohmann::json& json) { json["current-schema-id"] = 9; },
      [](nlohmann::json& json) { json["default-spec-id"] = 9; },
      [](nlohmann::json& json) { json["default-sort-order-id"] = 9; },
      [](nlohmann::json& json) { json["current-snapshot-id"] = 9; },
      [](nlohmann::json& json) { json["refs"]["audit"]["snapshot-id"] = 9; },
      [](nlohmann::json& json) {
        json["refs"]["main"]["snapshot-id"] = json["snapshots"][0]["snapshot-id"];
      },
      [](nlohmann::json& json) { json["refs"]["main"]["type"] = "tag"; },
      [](nlohmann::json& json) { json["refs"]["audit"]["type"] = "twig"; },
      [](nlohmann::json& json) { json["current-snapshot-id"] = -1; },
      [](nlohmann::json& json) { json["last-sequence-number"] = 2; },
      [](nlohmann::json& json) { json["last-column-id"] = 17; },
      [](nlohmann::json& json) { json["last-partition-id"] = 1001; },
      [](nlohmann::json& json) { json["last-updated-ms"] = 5; },
      [](nlohmann::json& json) { json["snapshots"][0].erase("manifest-list"); },
      [](nlohmann::json& json) { json["snapshots"][0]["sequence-number"] = -4; },
      [](nlohmann::json& json) { json["snapshots"][0]["summary"]["x"] = 1; },
      [](nlohmann::json& json) { json["schemas"][0]["identifier-field-ids"] = {99}; },
      [](nlohmann::json& json) { json["schemas"][0]["type"] = "list"; },
      [](nlohmann::json& json) { json["schemas"][0].erase("type"); },
      [](nlohmann::json& json) { json["partition-specs"][0]["fields"][0].erase("field-id"); },
      [](nlohmann::json& json) { json["sort-orders"][0]["fields"][0]["direction"] = "up"; },
      [](nlohmann::json& json) { json["table-uuid"] = ""; },
      [](nlohmann::json& json) { json["location"] = "/"; },
      [](nlohmann::json& json) { json["format-version"] = 0; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(ErrorAfter("v2_history", changes[i]).code(), ErrorCode::kCorrupt) << i;
  }
}

TEST(TableMetadataJson, LogsMayBeAMinuteOutOfOrder) {
  const auto shift = [](int64_t ms) {
    return [ms](nlohmann::json& json) {
      auto& log = json["snapshot-log"];
      log[1]["timestamp-ms"] = log[0]["timestamp-ms"].get<int64_t>() - ms;
      auto& files = json["metadata-log"];
      files[1]["timestamp-ms"] = files[0]["timestamp-ms"].get<int64_t>() - ms;
    };
  };
  ParsedAfter("v2_history", shift(60'000));
  EXPECT_EQ(ErrorAfter("v2_history", shift(60'001)).code(), ErrorCode::kCorrupt);
  EXPECT_EQ(
      ErrorAfter("v2_history",
                 [](nlohmann::json& json) {
                   json["snapshot-log"][0]["timestamp-ms"] = std::numeric_limits<int64_t>::max();
                   json["snapshot-log"][1]["timestamp-ms"] = std::numeric_limits<int64_t>::min();
                 })
          .code(),
      ErrorCode::kCorrupt);
}

TEST(TableMetadataJson, TruncatedAnywhereIsCorrupt) {
  const std::string text = Golden("v2_history");
  const std::string trimmed = text.substr(0, text.rfind('}') + 1);
  for (size_t length = 0; length < trimmed.size(); ++length) {
    ASSERT_THAT(TableMetadataFromJson(std::string_view(trimmed).substr(0, length), kLocation),
                IsError(ErrorCode::kCorrupt))
        << length;
  }
}

// Whatever one byte is turned into, the answer is metadata or an error.
TEST(TableMetadataJson, FlippedBytesNeverCrash) {
  const std::string text = Golden("v2_empty");
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char byte : {'\0', '"', '{', '9', '-', '\xff'}) {
      std::string changed = text;
      changed[i] = byte;
      const auto metadata = TableMetadataFromJson(changed, kLocation);
      if (metadata.ok()) {
        ASSERT_THAT(TableMetadataFromJson(TableMetadataToJson(*metadata), kLocation), IsOk());
      } else {
        ASSERT_THAT(metadata.error().code(), AnyOf(ErrorCode::kCorrupt, ErrorCode::kUnsupported));
      }
    }
  }
}

TEST(TableMetadataJson, DeepNestingIsCorrupt) {
  std::string type = "\"int\"";
  for (int i = 0; i < 200; ++i) {
    type = fmt::format(R"({{"type":"list","element-id":{},"element-required":false,"element":{}}})",
                       i + 2, type);
  }
  const std::string field = R"({"id":1,"name":"x","required":false,"type":)" + type + "}";
  EXPECT_THAT(SchemaFromJson(R"({"type":"struct","schema-id":0,"fields":[)" + field + "]}"),
              IsError(ErrorCode::kCorrupt));
}

TEST(SchemaJson, RoundTripsAlone) {
  const Schema schema = MustParse(Golden("v2_history")).schema();
  const auto read = SchemaFromJson(SchemaToJson(schema));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, schema);
}

TEST(PartitionJson, FieldsRoundTripAlone) {
  const PartitionSpec spec = MustParse(Golden("v2_history")).spec();
  const std::string json = PartitionFieldsToJson(spec);
  EXPECT_EQ(json.front(), '[');
  const auto read = PartitionFieldsFromJson(json, spec.spec_id);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, spec);
  EXPECT_EQ(PartitionSpecToJson(spec), fmt::format(R"({{"spec-id":1,"fields":{}}})", json));
  EXPECT_THAT(PartitionFieldsFromJson("{}", 0), IsError(ErrorCode::kCorrupt));
}

TEST(SortOrderJson, WritesItsFields) {
  EXPECT_EQ(SortOrderToJson({1, {{ParseTransform("identity"), 3, false, false}}}),
            R"({"order-id":1,"fields":[{"transform":"identity","source-id":3,"direction":"desc",)"
            R"("null-order":"nulls-last"}]})");
  EXPECT_EQ(SortOrderToJson({}), R"({"order-id":0,"fields":[]})");
}

TEST(SnapshotJson, LeavesOutWhatIsNotThere) {
  Snapshot snapshot;
  snapshot.snapshot_id = 1;
  snapshot.timestamp_ms = 2;
  snapshot.manifest_list = "l";
  EXPECT_EQ(SnapshotToJson(snapshot), R"({"snapshot-id":1,"timestamp-ms":2,"manifest-list":"l"})");
}

}  // namespace
}  // namespace kafka_iceberg::iceberg

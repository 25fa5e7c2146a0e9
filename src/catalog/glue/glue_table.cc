// SPDX-License-Identifier: Apache-2.0
#include "catalog/glue/glue_table.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "catalog/hive_types.h"
#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::FindMember;
using Json = nlohmann::json;

// Glue's limits for a column (API reference, "Column").
constexpr size_t kNameBytesMax = 255;
constexpr size_t kTypeBytesMax = 131072;
constexpr size_t kCommentBytesMax = 255;

std::string TextOf(const Json& object, const char* name) {
  const Json* member = FindMember(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : "";
}

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// Not in the middle of a character.
std::string CutComment(std::string text) {
  if (text.size() <= kCommentBytesMax) return text;
  size_t end = kCommentBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

using Comments = std::map<std::string, std::string>;

Comments CommentsOf(const Json& descriptor) {
  Comments comments;
  const Json* columns = FindMember(descriptor, "Columns");
  if (columns == nullptr || !columns->is_array()) return comments;
  for (const Json& column : *columns) {
    const std::string comment = TextOf(column, "Comment");
    if (!comment.empty()) comments[TextOf(column, "Name")] = comment;
  }
  return comments;
}

struct ColumnList {
  const Comments& comments;  // of the table as it was
  Json columns = Json::array();
  std::set<std::string> names;

  // A column that Glue would not take is left out: it is only shown, and the commit matters more.
  void Add(const iceberg::Field& field, bool is_current) {
    std::string type = HiveType(field.type, HiveDialect::kGlue);
    if (field.name.size() > kNameBytesMax || type.size() > kTypeBytesMax) return;
    if (!names.insert(field.name).second) return;
    Json column = {{"Name", field.name},
                   {"Type", std::move(type)},
                   {"Parameters",
                    {{"iceberg.field.id", std::to_string(field.id)},
                     {"iceberg.field.optional", field.required ? "false" : "true"},
                     {"iceberg.field.current", is_current ? "true" : "false"}}}};
    const auto known = comments.find(field.name);
    const std::string comment =
        field.doc.empty() && known != comments.end() ? known->second : field.doc;
    if (!comment.empty()) column["Comment"] = CutComment(comment);
    columns.push_back(std::move(column));
  }
};

// The current schema's columns first, then those of older schemas that it does not have.
Json Columns(const iceberg::TableMetadata& metadata, const Comments& comments) {
  ColumnList list{.comments = comments};
  for (const iceberg::Field& field : metadata.schema().fields) list.Add(field, true);
  for (const iceberg::Schema& schema : metadata.schemas) {
    for (const iceberg::Field& field : schema.fields) list.Add(field, false);
  }
  return std::move(list.columns);
}

Json AdditionalLocations(const iceberg::TableMetadata& metadata) {
  std::set<std::string> locations;
  for (const char* property : {"write.data.path", "write.metadata.path",
                               "write.object-storage.path", "write.folder-storage.path"}) {
    const std::string location = metadata.Property(property, "");
    if (!location.empty()) locations.insert(location);
  }
  return locations;
}

Json StorageDescriptor(const iceberg::TableMetadata& metadata, const GlueTable* existing) {
  Json descriptor = Json::object();
  if (existing != nullptr) {
    const Json* found = FindMember(*existing->json, "StorageDescriptor");
    if (found != nullptr && found->is_object()) descriptor = *found;
  }
  const Comments comments = CommentsOf(descriptor);
  descriptor["Location"] = metadata.location;
  descriptor["Columns"] = Columns(metadata, comments);
  Json additional = AdditionalLocations(metadata);
  descriptor.erase("AdditionalLocations");
  if (!additional.empty()) descriptor["AdditionalLocations"] = std::move(additional);
  return descriptor;
}

}  // namespace

Result<GlueTable> ReadGlueTable(const Json& table) {
  GlueTable read{.name = TextOf(table, "Name"), .version_id = TextOf(table, "VersionId")};
  if (read.name.empty()) return Error::Corrupt("the answer holds a table without a name");
  if (const Json* parameters = FindMember(table, "Parameters")) {
    read.is_iceberg = SameIgnoringCase(TextOf(*parameters, "table_type"), "iceberg");
    read.metadata_location = TextOf(*parameters, "metadata_location");
  }
  if (const Json* descriptor = FindMember(table, "StorageDescriptor"))
    read.location = TextOf(*descriptor, "Location");
  read.json = std::make_shared<const Json>(table);
  return read;
}

Json MakeTableInput(const std::string& name, const iceberg::TableMetadata& metadata,
                    const std::string& metadata_location, const GlueTable* existing) {
  Json parameters = Json::object();
  Json input = Json::object();
  if (existing != nullptr) {
    const Json* found = FindMember(*existing->json, "Parameters");
    if (found != nullptr && found->is_object()) parameters = *found;
    for (const char* member : {"Description", "Owner", "Retention"}) {
      if (const Json* kept = FindMember(*existing->json, member)) input[member] = *kept;
    }
    parameters["previous_metadata_location"] = existing->metadata_location;
  }
  parameters["table_type"] = "ICEBERG";
  parameters["metadata_location"] = metadata_location;
  const std::string comment = metadata.Property("comment", "");
  if (!comment.empty()) input["Description"] = comment;
  input["Name"] = name;
  input["TableType"] = "EXTERNAL_TABLE";
  input["Parameters"] = std::move(parameters);
  input["StorageDescriptor"] = StorageDescriptor(metadata, existing);
  return input;
}

}  // namespace kafka_iceberg::catalog

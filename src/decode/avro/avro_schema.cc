// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_schema.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Json;

constexpr std::array<std::string_view, 14> kKindNames = {
    "null",   "boolean", "int",  "long",   "float", "double", "bytes",
    "string", "fixed",   "enum", "record", "array", "map",    "union"};
constexpr size_t kPrimitiveKinds = 8;

constexpr std::array<std::string_view, 13> kLogicalNames = {"",
                                                            "decimal",
                                                            "date",
                                                            "time-millis",
                                                            "time-micros",
                                                            "timestamp-millis",
                                                            "timestamp-micros",
                                                            "timestamp-nanos",
                                                            "local-timestamp-millis",
                                                            "local-timestamp-micros",
                                                            "local-timestamp-nanos",
                                                            "uuid",
                                                            "duration"};

constexpr int32_t kUuidBytes = 16;
constexpr int32_t kDurationBytes = 12;

std::string_view NameOf(AvroKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

std::optional<AvroKind> PrimitiveOf(std::string_view name) {
  for (size_t i = 0; i < kPrimitiveKinds; ++i) {
    if (kKindNames[i] == name) return static_cast<AvroKind>(i);
  }
  return std::nullopt;
}

// The decimal digits that any number of that many bytes can hold.
int32_t DigitsOfFixed(int32_t bytes) {
  constexpr double kDigitsPerBit = 0.30102999566398120;
  return static_cast<int32_t>((8.0 * bytes - 1) * kDigitsPerBit);
}

bool Suits(AvroLogical logical, const AvroSchema& schema) {
  switch (logical) {
    case AvroLogical::kNone: return true;
    case AvroLogical::kDecimal: {
      const bool fixed = schema.kind == AvroKind::kFixed;
      if (!fixed && schema.kind != AvroKind::kBytes) return false;
      const bool legal =
          schema.precision > 0 && schema.scale >= 0 && schema.scale <= schema.precision;
      return legal && (!fixed || schema.precision <= DigitsOfFixed(schema.size));
    }
    case AvroLogical::kDate:
    case AvroLogical::kTimeMillis: return schema.kind == AvroKind::kInt;
    case AvroLogical::kUuid:
      return schema.kind == AvroKind::kString ||
             (schema.kind == AvroKind::kFixed && schema.size == kUuidBytes);
    case AvroLogical::kDuration:
      return schema.kind == AvroKind::kFixed && schema.size == kDurationBytes;
    default: return schema.kind == AvroKind::kLong;
  }
}

std::string TextMember(const Json& json, std::string_view name) {
  const Json* member = iceberg::FindMember(json, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

int32_t NumberMember(const Json& json, std::string_view name) {
  const Json* member = iceberg::FindMember(json, name);
  const auto number = member == nullptr ? std::optional<int64_t>(0) : iceberg::AsInt64(*member);
  const bool fits = number && *number >= 0 && *number <= std::numeric_limits<int32_t>::max();
  return fits ? static_cast<int32_t>(*number) : -1;
}

std::vector<std::string> TextsMember(const Json& json, std::string_view name) {
  std::vector<std::string> texts;
  const Json* member = iceberg::FindMember(json, name);
  if (member == nullptr || !member->is_array()) return texts;
  for (const Json& text : *member) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

std::string FullName(const std::string& name, const std::string& space) {
  if (name.starts_with('.')) return name.substr(1);
  const bool qualified = name.find('.') != std::string::npos;
  return qualified || space.empty() ? name : space + "." + name;
}

std::string NamespaceOf(const std::string& full_name) {
  const size_t dot = full_name.rfind('.');
  return dot == std::string::npos ? std::string() : full_name.substr(0, dot);
}

template <typename Visit>
void VisitChildren(const AvroSchema& schema, const Visit& visit) {
  for (const AvroField& field : schema.fields) visit(field.schema);
  for (const AvroSchema& child : schema.children) visit(child);
}

int64_t CountNodes(const AvroSchema& schema) {
  int64_t nodes = 1;
  VisitChildren(schema, [&](const AvroSchema& child) { nodes += CountNodes(child); });
  return nodes;
}

int32_t HeightOf(const AvroSchema& schema) {
  int32_t height = 0;
  VisitChildren(schema,
                [&](const AvroSchema& child) { height = std::max(height, HeightOf(child)); });
  return height + 1;
}

class SchemaParser {
 public:
  Result<AvroSchema> ParseText(const std::string& text, std::string_view what) {
    const Json json = TRY(iceberg::ParseJson(text, what));
    return Parse(json, "", 1);
  }

  // Some registries give a reference a name of its own.
  void Register(const std::string& name, const AvroSchema& schema) {
    if (!named_.contains(name)) named_[name] = {schema, CountNodes(schema), HeightOf(schema)};
  }

 private:
  struct NamedType {
    AvroSchema schema;
    int64_t nodes = 0;
    int32_t height = 0;
  };

  Status Enter(int64_t nodes, int32_t depth) {
    nodes_ += nodes;
    if (nodes_ > kAvroNodesMax) {
      return Error::Unsupported("the schema has more than {} fields and items", kAvroNodesMax);
    }
    if (depth > kAvroDepthMax) {
      return Error::Unsupported("the schema is nested deeper than {} levels", kAvroDepthMax);
    }
    return {};
  }

  Result<AvroSchema> Parse(const Json& json, const std::string& space, int32_t depth) {
    if (json.is_string()) {
      const auto& name = json.get_ref<const std::string&>();
      const auto primitive = PrimitiveOf(name);
      if (!primitive) return Resolve(name, space, depth);
      TRY(Enter(1, depth));
      AvroSchema schema;
      schema.kind = *primitive;
      return schema;
    }
    if (json.is_array()) return ParseUnion(json, space, depth);
    if (json.is_object()) return ParseObject(json, space, depth);
    return Error::Corrupt("a type is neither a name nor an object nor a list");
  }

  Result<AvroSchema> Resolve(const std::string& name, const std::string& space, int32_t depth) {
    const std::string full_name = FullName(name, space);
    for (const std::string& candidate : {full_name, name}) {
      if (open_.contains(candidate)) {
        return Error::Unsupported(
            "the schema is recursive: type {} contains itself, which no table column can",
            candidate);
      }
      const auto found = named_.find(candidate);
      if (found == named_.end()) continue;
      TRY(Enter(found->second.nodes, depth - 1 + found->second.height));
      return found->second.schema;
    }
    return Error::Corrupt("type {} is not defined", full_name);
  }

  Result<AvroSchema> ParseUnion(const Json& json, const std::string& space, int32_t depth) {
    TRY(Enter(1, depth));
    if (json.empty()) return Error::Corrupt("a union has no branches");
    AvroSchema schema;
    schema.kind = AvroKind::kUnion;
    std::unordered_set<std::string> seen;
    for (const Json& branch : json) {
      AvroSchema parsed = TRY(Parse(branch, space, depth + 1));
      if (parsed.kind == AvroKind::kUnion) return Error::Corrupt("a union is a branch of a union");
      const std::string key = parsed.name.empty() ? std::string(NameOf(parsed.kind)) : parsed.name;
      if (!seen.insert(key).second) return Error::Corrupt("a union has two branches {}", key);
      schema.children.push_back(std::move(parsed));
    }
    return schema;
  }

  Result<AvroSchema> ParseObject(const Json& json, const std::string& space, int32_t depth) {
    const Json* type = iceberg::FindMember(json, "type");
    if (type == nullptr) return Error::Corrupt("a type has no member \"type\"");
    if (!type->is_string()) return Parse(*type, space, depth);
    const auto& name = type->get_ref<const std::string&>();
    if (name == "record" || name == "error") return ParseRecord(json, space, depth);
    if (name == "enum" || name == "fixed") return ParseLeaf(json, name, space, depth);
    if (name == "array") return ParseContainer(json, AvroKind::kArray, space, depth);
    if (name == "map") return ParseContainer(json, AvroKind::kMap, space, depth);
    AvroSchema schema = TRY(Parse(*type, space, depth));
    if (PrimitiveOf(name)) SetLogical(json, schema);
    return schema;
  }

  Result<AvroSchema> ParseContainer(const Json& json, AvroKind kind, const std::string& space,
                                    int32_t depth) {
    TRY(Enter(1, depth));
    const std::string_view member = kind == AvroKind::kArray ? "items" : "values";
    const Json* inner = iceberg::FindMember(json, member);
    if (inner == nullptr) {
      return Error::Corrupt("the type {} has no member \"{}\"", NameOf(kind), member);
    }
    AvroSchema schema;
    schema.kind = kind;
    schema.children.push_back(TRY(Parse(*inner, space, depth + 1)));
    return schema;
  }

  // The names of a record, an enum or a fixed.
  Status ParseNames(const Json& json, const std::string& space, AvroSchema& schema) {
    const std::string name = TextMember(json, "name");
    if (name.empty()) return Error::Corrupt("the type {} has no name", NameOf(schema.kind));
    if (PrimitiveOf(name)) return Error::Corrupt("a type is named {}, which is reserved", name);
    const bool has_namespace = json.contains("namespace") && json["namespace"].is_string();
    schema.name = FullName(name, has_namespace ? TextMember(json, "namespace") : space);
    for (const std::string& alias : TextsMember(json, "aliases")) {
      schema.aliases.push_back(FullName(alias, NamespaceOf(schema.name)));
    }
    return {};
  }

  Status Define(const AvroSchema& schema) {
    const auto [at, inserted] = named_.try_emplace(schema.name);
    if (!inserted) return Error::Corrupt("type {} is defined twice", schema.name);
    at->second = {schema, CountNodes(schema), HeightOf(schema)};
    return {};
  }

  Result<AvroSchema> ParseLeaf(const Json& json, const std::string& type, const std::string& space,
                               int32_t depth) {
    TRY(Enter(1, depth));
    AvroSchema schema;
    schema.kind = type == "enum" ? AvroKind::kEnum : AvroKind::kFixed;
    TRY(ParseNames(json, space, schema));
    if (schema.kind == AvroKind::kEnum) {
      schema.symbols = TextsMember(json, "symbols");
      if (schema.symbols.empty()) return Error::Corrupt("enum {} has no symbols", schema.name);
    } else {
      schema.size = NumberMember(json, "size");
      if (schema.size <= 0) return Error::Corrupt("fixed {} has no legal size", schema.name);
      SetLogical(json, schema);
    }
    TRY(Define(schema));
    return schema;
  }

  Result<AvroSchema> ParseRecord(const Json& json, const std::string& space, int32_t depth) {
    TRY(Enter(1, depth));
    AvroSchema schema;
    schema.kind = AvroKind::kRecord;
    TRY(ParseNames(json, space, schema));
    const Json* fields = iceberg::FindMember(json, "fields");
    if (fields == nullptr || !fields->is_array()) {
      return Error::Corrupt("record {} has no fields", schema.name);
    }
    if (!open_.insert(schema.name).second) {
      return Error::Corrupt("type {} is defined twice", schema.name);
    }
    std::unordered_set<std::string> seen;
    for (const Json& field : *fields) {
      schema.fields.push_back(TRY(ParseField(field, schema.name, depth)));
      if (!seen.insert(schema.fields.back().name).second) {
        return Error::Corrupt("record {} has two fields {}", schema.name,
                              schema.fields.back().name);
      }
    }
    open_.erase(schema.name);
    TRY(Define(schema));
    return schema;
  }

  Result<AvroField> ParseField(const Json& json, const std::string& record, int32_t depth) {
    AvroField field;
    field.name = TextMember(json, "name");
    if (field.name.empty()) return Error::Corrupt("a field of record {} has no name", record);
    field.aliases = TextsMember(json, "aliases");
    field.doc = TextMember(json, "doc");
    const Json* type = iceberg::FindMember(json, "type");
    auto schema = type == nullptr ? Result<AvroSchema>(Error::Corrupt("it has no type"))
                                  : Parse(*type, NamespaceOf(record), depth + 1);
    if (!schema.ok()) {
      // Once is enough: the innermost field says where.
      const bool placed = schema.error().message().starts_with("field ");
      return placed ? schema.error() : schema.error().WithContext("field " + field.name);
    }
    field.schema = std::move(schema).value();
    if (json.contains("default")) field.default_json = json["default"].dump();
    return field;
  }

  static void SetLogical(const Json& json, AvroSchema& schema) {
    const std::string name = TextMember(json, "logicalType");
    const auto found = std::find(kLogicalNames.begin() + 1, kLogicalNames.end(), name);
    if (found == kLogicalNames.end()) return;
    const auto logical = static_cast<AvroLogical>(found - kLogicalNames.begin());
    if (logical == AvroLogical::kDecimal) {
      schema.precision = NumberMember(json, "precision");
      schema.scale = NumberMember(json, "scale");
    }
    if (Suits(logical, schema)) schema.logical = logical;
  }

  std::unordered_map<std::string, NamedType> named_;
  std::unordered_set<std::string> open_;  // records being defined
  int64_t nodes_ = 0;
};

}  // namespace

Result<AvroSchema> ParseAvroSchema(const PayloadSchema& schema) {
  if (schema.format != PayloadFormat::kAvro) {
    return Error::Unsupported("the schema is not an Avro schema");
  }
  size_t bytes = schema.text.size();
  for (const SchemaReference& reference : schema.references) bytes += reference.text.size();
  if (bytes > kAvroTextBytesMax) {
    return Error::Unsupported("the schema has {} bytes; at most {} are read", bytes,
                              kAvroTextBytesMax);
  }
  SchemaParser parser;
  for (const SchemaReference& reference : schema.references) {
    auto parsed = parser.ParseText(reference.text, "the schema");
    if (!parsed.ok()) return parsed.error().WithContext("reference " + reference.name);
    if (!parsed->name.empty()) parser.Register(reference.name, *parsed);
  }
  return parser.ParseText(schema.text, "the schema");
}

AvroSchema AsOnlyField(AvroSchema schema, const std::string& name) {
  AvroSchema record;
  record.kind = AvroKind::kRecord;
  AvroField& field = record.fields.emplace_back();
  field.name = name;
  field.schema = std::move(schema);
  return record;
}

std::string ToString(const AvroSchema& schema) {
  std::string text(NameOf(schema.kind));
  if (!schema.name.empty()) text += " " + schema.name;
  if (schema.logical == AvroLogical::kDecimal) {
    return fmt::format("decimal({}, {}) ({})", schema.precision, schema.scale, text);
  }
  if (schema.logical == AvroLogical::kNone) return text;
  return fmt::format("{} ({})", kLogicalNames[static_cast<size_t>(schema.logical)], text);
}

std::string_view SimpleName(std::string_view full_name) {
  return full_name.substr(full_name.rfind('.') + 1);
}

}  // namespace kafka_iceberg::decode

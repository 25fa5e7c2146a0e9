// SPDX-License-Identifier: Apache-2.0
#include "decode/json_schema/json_schema_pointer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::decode {
namespace {

using Node = nlohmann::ordered_json;

size_t MembersMax(const iceberg::Json& json) {
  if (!json.is_structured()) return 0;
  size_t most = json.is_object() ? json.size() : 0;
  for (const iceberg::Json& member : json) most = std::max(most, MembersMax(member));
  return most;
}

// Objects that keep their order are searched from end to end: so their size is looked at first.
Result<Node> ParseOrdered(const std::string& text, const std::string& name) {
  const iceberg::Json json = TRY(iceberg::ParseJson(text, name));
  if (MembersMax(json) > JsonSchemaDocuments::kMembersMax) {
    return Error::Unsupported("{} has an object with more than {} members", name,
                              JsonSchemaDocuments::kMembersMax);
  }
  return Node::parse(text, nullptr, /*allow_exceptions=*/false);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// One step of a JSON pointer in a URI: %25, ~1 and ~0 stand for %, / and ~.
std::string Unescape(std::string_view step) {
  std::string plain;
  for (size_t i = 0; i < step.size(); ++i) {
    const bool has_two =
        i + 2 < step.size() && HexDigit(step[i + 1]) >= 0 && HexDigit(step[i + 2]) >= 0;
    if (step[i] == '%' && has_two) {
      plain += static_cast<char>(HexDigit(step[i + 1]) * 16 + HexDigit(step[i + 2]));
      i += 2;
    } else if (step[i] == '~' && i + 1 < step.size() &&
               (step[i + 1] == '0' || step[i + 1] == '1')) {
      plain += step[++i] == '0' ? '~' : '/';
    } else {
      plain += step[i];
    }
  }
  return plain;
}

const Node* StepInto(const Node& node, const std::string& step) {
  if (node.is_object()) {
    const auto member = node.find(step);
    return member == node.end() ? nullptr : &*member;
  }
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool is_index = error == std::errc() && end == step.data() + step.size();
  return node.is_array() && is_index && index < node.size() ? &node[index] : nullptr;
}

}  // namespace

Result<JsonSchemaDocuments> JsonSchemaDocuments::Parse(const PayloadSchema& schema) {
  if (schema.format != PayloadFormat::kJsonSchema)
    return Error::Unsupported("the schema is not a json schema");
  size_t bytes = schema.text.size();
  for (const SchemaReference& reference : schema.references) bytes += reference.text.size();
  if (bytes > kBytesMax) {
    return Error::Unsupported("the json schema has {} bytes; at most {} are read", bytes,
                              kBytesMax);
  }
  JsonSchemaDocuments documents;
  documents.main_ = TRY(ParseOrdered(schema.text, "the json schema"));
  for (const SchemaReference& reference : schema.references) {
    documents.others_[reference.name] =
        TRY(ParseOrdered(reference.text, "the json schema " + reference.name));
  }
  return documents;
}

Result<JsonSchemaPlace> JsonSchemaDocuments::Resolve(const JsonSchemaPlace& from,
                                                     const std::string& reference) const {
  const size_t hash = std::min(reference.find('#'), reference.size());
  const auto lost = [&] {
    return Error::Corrupt("the json schema refers to '{}', and nothing is there",
                          reference.substr(0, 200));
  };
  JsonSchemaPlace place{from.document, from.document};
  if (hash > 0) {
    const auto found = others_.find(reference.substr(0, hash));
    if (found == others_.end()) return lost();
    place = {&found->second, &found->second};
  }
  std::string_view pointer =
      std::string_view(reference).substr(std::min(hash + 1, reference.size()));
  while (!pointer.empty()) {
    if (pointer[0] != '/') return lost();  // anchors too: nobody writes them
    const size_t end = std::min(pointer.find('/', 1), pointer.size());
    place.node = StepInto(*place.node, Unescape(pointer.substr(1, end - 1)));
    if (place.node == nullptr) return lost();
    pointer.remove_prefix(end);
  }
  return place;
}

}  // namespace kafka_iceberg::decode

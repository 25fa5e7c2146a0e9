// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_schema_builder.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <bit>
#include <map>

namespace kafka_iceberg::decode {
namespace {

namespace pb = google::protobuf;

template <typename T>
std::string LittleEndian(T value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes.push_back(static_cast<char>(value & 0xff));
    value = static_cast<T>(value >> 8);
  }
  return bytes;
}

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>((value & 0x7f) | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

uint64_t SignExtended(int64_t value) { return static_cast<uint64_t>(value); }
uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ (value < 0 ? ~uint64_t{0} : 0);
}

// The declared default of a field, or else its type's zero, as it would be written.
std::string EncodedDefault(const pb::FieldDescriptor& field) {
  switch (static_cast<ProtoType>(field.type())) {
    case ProtoType::kDouble:
      return LittleEndian(std::bit_cast<uint64_t>(field.default_value_double()));
    case ProtoType::kFloat:
      return LittleEndian(std::bit_cast<uint32_t>(field.default_value_float()));
    case ProtoType::kFixed64: return LittleEndian(uint64_t{field.default_value_uint64()});
    case ProtoType::kSfixed64: return LittleEndian(SignExtended(field.default_value_int64()));
    case ProtoType::kFixed32: return LittleEndian(uint32_t{field.default_value_uint32()});
    case ProtoType::kSfixed32:
      return LittleEndian(static_cast<uint32_t>(field.default_value_int32()));
    case ProtoType::kInt64: return Varint(SignExtended(field.default_value_int64()));
    case ProtoType::kInt32: return Varint(SignExtended(field.default_value_int32()));
    case ProtoType::kSint64: return Varint(ZigZag(field.default_value_int64()));
    case ProtoType::kSint32: return Varint(ZigZag(field.default_value_int32()));
    case ProtoType::kUint64: return Varint(field.default_value_uint64());
    case ProtoType::kUint32: return Varint(field.default_value_uint32());
    case ProtoType::kBool: return Varint(field.default_value_bool() ? 1 : 0);
    case ProtoType::kEnum: return Varint(SignExtended(field.default_value_enum()->number()));
    case ProtoType::kString:
    case ProtoType::kBytes:
      return Varint(field.default_value_string().size()) + field.default_value_string();
    case ProtoType::kGroup:
    case ProtoType::kMessage: break;
  }
  return Varint(0);
}

ProtoEnum ConvertEnum(const pb::EnumDescriptor& from) {
  ProtoEnum type;
  type.full_name = from.full_name();
  type.closed = from.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO2;
  for (int i = 0; i < from.value_count(); ++i) {
    type.values.emplace_back(from.value(i)->number(), from.value(i)->name());
  }
  const auto by_number = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto same_number = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::stable_sort(type.values.begin(), type.values.end(), by_number);
  type.values.erase(std::unique(type.values.begin(), type.values.end(), same_number),
                    type.values.end());
  return type;
}

// Gives each type its index when it is first met, and fills it in later: types refer to each other
// in circles.
class Converter {
 public:
  int32_t IndexOf(const pb::Descriptor& message) {
    const auto [found, is_new] =
        message_index_.emplace(&message, static_cast<int32_t>(messages_.size()));
    if (is_new) messages_.push_back(&message);
    return found->second;
  }

  std::vector<ProtoMessage> ConvertAll(const std::set<std::string>& declared) {
    std::vector<ProtoMessage> converted;
    // Grows while it is read.
    for (size_t i = 0; i < messages_.size(); ++i) {
      const pb::Descriptor& from = *messages_[i];
      ProtoMessage& message = converted.emplace_back();
      message.full_name = from.full_name();
      for (int f = 0; f < from.field_count(); ++f)
        message.fields.push_back(ConvertField(*from.field(f)));
      for (int n = 0; n < from.nested_type_count(); ++n) {
        const pb::Descriptor& nested = *from.nested_type(n);
        if (declared.contains(nested.full_name())) message.nested.push_back(IndexOf(nested));
      }
    }
    return converted;
  }

  std::vector<ProtoEnum> enums() { return std::move(enums_); }

 private:
  int32_t IndexOf(const pb::EnumDescriptor& type) {
    const auto [found, is_new] = enum_index_.emplace(&type, static_cast<int32_t>(enums_.size()));
    if (is_new) enums_.push_back(ConvertEnum(type));
    return found->second;
  }

  ProtoField ConvertField(const pb::FieldDescriptor& from) {
    ProtoField field;
    field.name = from.name();
    field.number = static_cast<uint32_t>(from.number());
    field.type = static_cast<ProtoType>(from.type());
    field.repeated = from.is_repeated();
    field.required = from.is_required();
    field.is_map = from.is_map();
    if (const auto* oneof = from.real_containing_oneof(); oneof != nullptr)
      field.oneof = oneof->index();
    if (from.message_type() != nullptr) field.type_index = IndexOf(*from.message_type());
    if (from.enum_type() != nullptr) field.type_index = IndexOf(*from.enum_type());
    // Key and value of a map entry are never null.
    const bool in_map = from.containing_type()->options().map_entry();
    const bool has_zero = !from.has_presence() && !from.is_repeated();
    if (in_map || has_zero || from.has_default_value()) field.absent_value = EncodedDefault(from);
    return field;
  }

  std::map<const pb::Descriptor*, int32_t> message_index_;
  std::map<const pb::EnumDescriptor*, int32_t> enum_index_;
  std::vector<const pb::Descriptor*> messages_;
  std::vector<ProtoEnum> enums_;
};

// The message and those declared or implied in it, by full name.
void CollectAll(const pb::Descriptor& message, std::map<std::string, const pb::Descriptor*>& all) {
  all.emplace(message.full_name(), &message);
  for (int i = 0; i < message.nested_type_count(); ++i) CollectAll(*message.nested_type(i), all);
}

}  // namespace

ProtoSchema ProtoSchemaBuilder::Build(const pb::FileDescriptor& file,
                                      const std::set<std::string>& declared) {
  ProtoSchema schema;
  Converter converter;
  std::map<std::string, const pb::Descriptor*> all;
  for (int i = 0; i < file.message_type_count(); ++i) {
    schema.roots_.push_back(converter.IndexOf(*file.message_type(i)));
    CollectAll(*file.message_type(i), all);
  }
  for (const auto& [name, message] : all) schema.sorted_.push_back(converter.IndexOf(*message));
  schema.messages_ = converter.ConvertAll(declared);
  schema.enums_ = converter.enums();
  return schema;
}

}  // namespace kafka_iceberg::decode

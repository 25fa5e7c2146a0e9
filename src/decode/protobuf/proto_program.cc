// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_program.h"

#include <algorithm>
#include <map>

#include "decode/protobuf/proto_mapping.h"
#include "decode/rescue/rescue.h"
#include "decode/text/value_append.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::TypeId;

constexpr uint32_t kDenseNumbersMax = 1024;
const std::string kEmptyBytes(1, '\0');  // a length of zero

bool IsTimestamp(TypeId id) {
  return id == TypeId::kTimestamp || id == TypeId::kTimestamptz || id == TypeId::kTimestampNs ||
         id == TypeId::kTimestamptzNs;
}

std::optional<ProtoOp> IntegerOp(ProtoOp plain, TypeId plain_column, TypeId column) {
  if (column == plain_column) return plain;
  if (column == TypeId::kInt || column == TypeId::kLong || column == TypeId::kDecimal ||
      IsTimestamp(column))
    return ProtoOp::kInteger;
  return std::nullopt;
}

std::optional<ProtoOp> StringOp(TypeId column) {
  if (column == TypeId::kString) return ProtoOp::kString;
  if (column == TypeId::kBinary) return ProtoOp::kBytes;
  const bool has_notation = column == TypeId::kUuid || column == TypeId::kDecimal ||
                            column == TypeId::kDate || column == TypeId::kTime ||
                            IsTimestamp(column);
  if (has_notation) return ProtoOp::kText;
  return std::nullopt;
}

std::optional<ProtoOp> ScalarOp(ProtoType type, TypeId column) {
  const auto only = [column](TypeId id, ProtoOp op) {
    return column == id ? std::optional(op) : std::nullopt;
  };
  switch (type) {
    case ProtoType::kBool: return only(TypeId::kBoolean, ProtoOp::kBool);
    case ProtoType::kInt32: return IntegerOp(ProtoOp::kInt32, TypeId::kInt, column);
    case ProtoType::kSint32: return IntegerOp(ProtoOp::kSint32, TypeId::kInt, column);
    case ProtoType::kSfixed32: return IntegerOp(ProtoOp::kFixed32, TypeId::kInt, column);
    case ProtoType::kInt64: return IntegerOp(ProtoOp::kInt64, TypeId::kLong, column);
    case ProtoType::kSint64: return IntegerOp(ProtoOp::kSint64, TypeId::kLong, column);
    case ProtoType::kSfixed64: return IntegerOp(ProtoOp::kFixed64, TypeId::kLong, column);
    case ProtoType::kUint32:
    case ProtoType::kUint64:
    case ProtoType::kFixed32:
    case ProtoType::kFixed64: return IntegerOp(ProtoOp::kInteger, TypeId::kLong, column);
    case ProtoType::kFloat:
      if (column == TypeId::kDouble) return ProtoOp::kFloatToDouble;
      return only(TypeId::kFloat, ProtoOp::kFixed32);
    case ProtoType::kDouble: return only(TypeId::kDouble, ProtoOp::kFixed64);
    case ProtoType::kString: return StringOp(column);
    case ProtoType::kBytes:
      if (column == TypeId::kFixed || column == TypeId::kUuid) return ProtoOp::kFixedBytes;
      return only(TypeId::kBinary, ProtoOp::kBytes);
    case ProtoType::kEnum:
      if (column == TypeId::kInt || column == TypeId::kLong) return ProtoOp::kInteger;
      return only(TypeId::kString, ProtoOp::kEnumName);
    case ProtoType::kGroup:
    case ProtoType::kMessage: break;
  }
  return std::nullopt;
}

std::optional<ProtoOp> MessageOp(const ProtoMessage& message, TypeId column) {
  if (column == TypeId::kBinary && WellKnownOf(message) != WellKnown::kWrapper)
    return ProtoOp::kBytes;
  if (column == TypeId::kStruct) return ProtoOp::kMessage;
  const auto only = [column](TypeId id, ProtoOp op) {
    return column == id ? std::optional(op) : std::nullopt;
  };
  switch (WellKnownOf(message)) {
    case WellKnown::kTimestamp:
      if (column == TypeId::kTimestamptzNs) return ProtoOp::kTimestamp;
      return only(TypeId::kTimestamptz, ProtoOp::kTimestamp);
    case WellKnown::kWrapper:
      if (column == TypeId::kList || column == TypeId::kMap) return std::nullopt;
      return ProtoOp::kWrapper;
    case WellKnown::kDuration: return only(TypeId::kLong, ProtoOp::kDuration);
    case WellKnown::kJsonStruct: return only(TypeId::kString, ProtoOp::kJsonStruct);
    case WellKnown::kJsonValue: return only(TypeId::kString, ProtoOp::kJsonValue);
    case WellKnown::kJsonList: return only(TypeId::kString, ProtoOp::kJsonList);
    case WellKnown::kDate: return only(TypeId::kDate, ProtoOp::kDate);
    case WellKnown::kTimeOfDay: return only(TypeId::kTime, ProtoOp::kTimeOfDay);
    case WellKnown::kEmpty: return only(TypeId::kBoolean, ProtoOp::kPresence);
    case WellKnown::kNone: break;
  }
  return std::nullopt;
}

int64_t LeafCount(const iceberg::Type& type) {
  int64_t count = 1;
  for (const Field& field : type.fields) count += LeafCount(field.type);
  return count;
}

// Children of a struct, list or map column, as a node takes them.
FieldColumns ChildrenOf(Column& column) {
  FieldColumns children;
  children.fields = column.type().fields;
  for (const auto& child : column.children()) children.columns.push_back(child.get());
  return children;
}

class Compiler {
 public:
  Compiler(RescueScope scope, ProtoProgram& program, RowFailure& failure)
      : scope_(scope), program_(program), failure_(failure) {}

  std::unique_ptr<ProtoNode> Compile(const ProtoMessage& message, const FieldColumns& columns) {
    auto node = std::make_unique<ProtoNode>();
    std::map<std::string_view, size_t> by_name;
    for (size_t i = 0; i < columns.fields.size(); ++i) by_name.emplace(columns.fields[i].name, i);
    std::map<int32_t, int32_t> oneofs;
    for (const ProtoField& field : message.fields) {
      const auto found = by_name.find(field.name);
      Column* column = found == by_name.end() ? nullptr : columns.columns[found->second];
      ProtoSlot slot = SlotOf(field);
      if (column != nullptr && !Bind(field, *column, slot)) {
        if (!MayBeNull(*column)) return nullptr;
        node->fills.push_back({column, std::nullopt});
        column = nullptr;
        slot = SlotOf(field);
      }
      if (column == nullptr && scope_ != RescueScope::kNothing) node->rescued.push_back(&field);
      if (found != by_name.end()) by_name.erase(found);
      if (column == nullptr && field.oneof < 0) continue;
      if (field.oneof >= 0) {
        slot.oneof = oneofs.emplace(field.oneof, static_cast<int32_t>(oneofs.size())).first->second;
      }
      Add(*node, std::move(slot));
    }
    std::ranges::sort(node->rescued, {}, &ProtoField::number);
    node->rescues =
        !node->rescued.empty() || std::ranges::any_of(node->slots, [](const ProtoSlot& slot) {
          return slot.node != nullptr && slot.node->rescues;
        });
    node->oneofs.assign(oneofs.size(), ProtoNode::kUnknown);
    for (const auto& [name, index] : by_name) {
      if (!Fill(*node, columns.fields[index], *columns.columns[index])) return nullptr;
    }
    Index(*node);
    return node;
  }

 private:
  // Whether the values that the column does not take are kept instead.
  bool MayBeNull(const Column& column) const {
    return scope_ == RescueScope::kValues && !column.required() && IsMisfit(failure_.code);
  }

  static ProtoSlot SlotOf(const ProtoField& field) {
    ProtoSlot slot;
    slot.field = &field;
    slot.wire_type = WireTypeOf(field.type);
    slot.repeated = field.repeated;
    slot.type = field.type;
    slot.number = field.number;
    slot.required = field.required;
    slot.absent_value = field.absent_value;
    return slot;
  }

  bool Bind(const ProtoField& field, Column& column, ProtoSlot& slot) {
    slot.column = &column;
    slot.target = &column;
    slot.required = slot.required || column.required();
    if (field.is_map) return BindMap(field, column, slot);
    if (field.repeated) {
      if (column.type().id != TypeId::kList) return Mismatch(field, column);
      slot.target = column.children()[0].get();
      slot.cells = LeafCount(slot.target->type());
    }
    return BindValue(field, column, slot);
  }

  bool BindMap(const ProtoField& field, Column& column, ProtoSlot& slot) {
    if (column.type().id != TypeId::kMap) return Mismatch(field, column);
    slot.op = ProtoOp::kMapEntry;
    slot.cells = LeafCount(column.type()) - 1;
    slot.node = Compile(MessageOf(field), ChildrenOf(column));
    return slot.node != nullptr;
  }

  bool BindValue(const ProtoField& field, Column& column, ProtoSlot& slot) {
    const TypeId id = slot.target->type().id;
    const bool is_message = field.type == ProtoType::kMessage || field.type == ProtoType::kGroup;
    const auto op = is_message ? MessageOp(MessageOf(field), id) : ScalarOp(field.type, id);
    if (!op) return Mismatch(field, column);
    slot.op = *op;
    // A string that was not set is not the text of a date, a uuid, ...
    const bool has_no_zero = *op == ProtoOp::kText || *op == ProtoOp::kFixedBytes;
    if (has_no_zero && slot.absent_value == kEmptyBytes) slot.absent_value.reset();
    slot.merges = is_message && !field.repeated;
    if (field.type == ProtoType::kEnum)
      slot.values = &program_.schema->enums()[static_cast<size_t>(field.type_index)];
    if (*op == ProtoOp::kMessage) slot.node = Compile(MessageOf(field), ChildrenOf(*slot.target));
    if (*op == ProtoOp::kWrapper) slot.node = CompileWrapper(MessageOf(field), *slot.target);
    const bool needs_node = *op == ProtoOp::kMessage || *op == ProtoOp::kWrapper;
    return !needs_node || slot.node != nullptr;
  }

  std::unique_ptr<ProtoNode> CompileWrapper(const ProtoMessage& message, Column& column) {
    FieldColumns columns;
    Field& field = columns.fields.emplace_back();
    field.name = message.fields[0].name;
    field.type = column.type();
    columns.columns.push_back(&column);
    return Compile(message, columns);
  }

  bool Fill(ProtoNode& node, const Field& field, Column& column) {
    ProtoFill fill;
    fill.column = &column;
    if (field.write_default && field.type.is_primitive()) {
      auto value = iceberg::FromJsonText(*field.write_default, field.type);
      if (value.ok() && !iceberg::IsNull(*value)) fill.value = std::move(value).value();
    }
    if (column.required() && !fill.value) {
      failure_ = {
          "missing_field", column.path(),
          column.path() + " is not in the schema of the record, and the column is required"};
      return false;
    }
    node.fills.push_back(std::move(fill));
    return true;
  }

  void Add(ProtoNode& node, ProtoSlot slot) {
    if (slot.repeated) node.repeated.push_back(static_cast<int32_t>(node.slots.size()));
    if (!slot.repeated && slot.column != nullptr) ++node.single_count;
    ++program_.slot_count;
    node.slots.push_back(std::move(slot));
  }

  static void Index(ProtoNode& node) {
    for (size_t i = 0; i < node.slots.size(); ++i) {
      const uint32_t number = node.slots[i].number;
      if (number >= kDenseNumbersMax) {
        node.sparse.emplace_back(number, static_cast<int32_t>(i));
        continue;
      }
      if (number >= node.dense.size()) node.dense.resize(number + 1, ProtoNode::kUnknown);
      node.dense[number] = static_cast<int32_t>(i);
    }
    std::sort(node.sparse.begin(), node.sparse.end());
  }

  bool Mismatch(const ProtoField& field, const Column& column) {
    failure_ = {"schema_mismatch", column.path(),
                fmt::format("{} ({}) cannot take values of the record's field {} ({})",
                            column.path(), iceberg::ToString(column.type()), field.name,
                            TypeNameOf(*program_.schema, field))};
    return false;
  }

  const ProtoMessage& MessageOf(const ProtoField& field) const {
    return program_.schema->messages()[static_cast<size_t>(field.type_index)];
  }

  const RescueScope scope_;
  ProtoProgram& program_;
  RowFailure& failure_;
};

}  // namespace

int32_t ProtoNode::FindSparse(uint32_t number) const {
  const auto found = std::lower_bound(sparse.begin(), sparse.end(), std::pair(number, INT32_MIN));
  return found != sparse.end() && found->first == number ? found->second : kUnknown;
}

bool CompileProtoProgram(const ProtoMessage& message, const FieldColumns& columns,
                         RescueScope scope, ProtoProgram& program, RowFailure& failure) {
  program.root = Compiler(scope, program, failure).Compile(message, columns);
  if (program.root == nullptr) return false;
  program.root->schema = program.schema.get();
  return true;
}

}  // namespace kafka_iceberg::decode

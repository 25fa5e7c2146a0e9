// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "decode/avro/avro_field_match.h"
#include "decode/avro/avro_program.h"
#include "decode/avro/avro_type_rules.h"
#include "decode/rescue/rescue.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

// What a struct is filled with; at the top there is no column above the fields.
struct Target {
  const std::vector<Field>& fields;
  std::vector<Column*> columns;
  Column* parent = nullptr;
};

Target TargetOf(Column& column) {
  Target target{column.type().fields, {}, &column};
  for (const auto& child : column.children()) target.columns.push_back(child.get());
  return target;
}

// `names` are those of the branches, which must stay alive.
std::vector<WriterName> NamesOf(std::span<const AvroSchema> branches,
                                const std::vector<std::string>& names) {
  std::vector<WriterName> writers;
  for (size_t i = 0; i < names.size(); ++i) {
    WriterName& writer = writers.emplace_back(WriterName{names[i], {}});
    for (const std::string& alias : branches[i].aliases) {
      writer.aliases.push_back(SimpleName(alias));
    }
  }
  return writers;
}

std::span<const AvroSchema> BranchesOf(const AvroSchema& schema) {
  return schema.kind == AvroKind::kUnion ? std::span(schema.children) : std::span(&schema, 1);
}

// The least bytes a value takes; what takes none must not be counted on to bound a loop.
int64_t MinBytes(const AvroSchema& schema) {
  switch (schema.kind) {
    case AvroKind::kNull: return 0;
    case AvroKind::kFloat: return 4;
    case AvroKind::kDouble: return 8;
    case AvroKind::kFixed: return schema.size;
    case AvroKind::kRecord: {
      int64_t total = 0;
      for (const AvroField& field : schema.fields) total += MinBytes(field.schema);
      return total;
    }
    default: return 1;
  }
}

constexpr int64_t UnitsPerSecond(AvroLogical logical) {
  switch (logical) {
    case AvroLogical::kTimestampMillis:
    case AvroLogical::kLocalTimestampMillis: return 1'000;
    case AvroLogical::kTimestampMicros:
    case AvroLogical::kLocalTimestampMicros: return 1'000'000;
    default: return 1'000'000'000;
  }
}

AvroOp TimestampOp(const AvroSchema& writer, TypeId column) {
  const bool nanos = column == TypeId::kTimestampNs || column == TypeId::kTimestamptzNs;
  const int64_t factor = (nanos ? 1'000'000'000 : 1'000'000) / UnitsPerSecond(writer.logical);
  return {factor == 1 ? AvroCode::kLong : AvroCode::kTimestamp, 0, factor, nullptr};
}

std::optional<AvroOp> FixedOp(const AvroSchema& writer, const Type& column) {
  const int32_t length = column.id == TypeId::kUuid ? 16 : column.length;
  if (writer.kind != AvroKind::kFixed || writer.size != length) return std::nullopt;
  return AvroOp{AvroCode::kFixed, 0, length, nullptr};
}

std::optional<AvroOp> DecimalOp(const AvroSchema& writer, const Type& column) {
  if (column.scale != writer.scale || column.precision < writer.precision) return std::nullopt;
  if (writer.kind == AvroKind::kBytes) return AvroOp{AvroCode::kDecimalBytes, 0, 0, nullptr};
  return AvroOp{AvroCode::kDecimalFixed, 0, writer.size, nullptr};
}

// The instruction that takes a primitive value into a column of that type; absent when the rules
// forbid it.
std::optional<AvroOp> PrimitiveOp(const AvroSchema& writer, const Type& column) {
  const AvroTypeRule& rule = RuleOf(writer);
  const bool allowed = column.id == rule.column_type || rule.also.Has(column.id);
  if (!allowed) return std::nullopt;
  const AvroKind kind = writer.kind;
  const auto op = [](AvroCode code) { return AvroOp{code, 0, 0, nullptr}; };
  switch (column.id) {
    case TypeId::kBoolean: return op(AvroCode::kBoolean);
    case TypeId::kInt:
    case TypeId::kDate: return op(AvroCode::kInt);
    case TypeId::kLong: return op(kind == AvroKind::kInt ? AvroCode::kIntToLong : AvroCode::kLong);
    case TypeId::kFloat:
      if (kind == AvroKind::kFloat) return op(AvroCode::kFloat);
      return op(kind == AvroKind::kInt ? AvroCode::kIntToFloat : AvroCode::kLongToFloat);
    case TypeId::kDouble:
      if (kind == AvroKind::kDouble) return op(AvroCode::kDouble);
      if (kind == AvroKind::kFloat) return op(AvroCode::kFloatToDouble);
      return op(kind == AvroKind::kInt ? AvroCode::kIntToDouble : AvroCode::kLongToDouble);
    case TypeId::kTime:
      return op(kind == AvroKind::kInt ? AvroCode::kTimeMillis : AvroCode::kTimeMicros);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: return TimestampOp(writer, column.id);
    case TypeId::kString: return op(kind == AvroKind::kEnum ? AvroCode::kEnum : AvroCode::kString);
    case TypeId::kBinary:
      if (kind != AvroKind::kFixed) return op(AvroCode::kBytes);
      return AvroOp{AvroCode::kFixedToBinary, 0, writer.size, nullptr};
    case TypeId::kUuid:
      if (kind == AvroKind::kString) return op(AvroCode::kStringToUuid);
      return FixedOp(writer, column);
    case TypeId::kFixed: return FixedOp(writer, column);
    case TypeId::kDecimal: return DecimalOp(writer, column);
    default: return std::nullopt;
  }
}

// Whether a value of the right type may still be none of its column.
bool MayNotFit(AvroCode code) {
  switch (code) {
    case AvroCode::kIntToFloat:
    case AvroCode::kLongToFloat:
    case AvroCode::kLongToDouble:
    case AvroCode::kStringToUuid:
    case AvroCode::kDecimalBytes:
    case AvroCode::kDecimalFixed:
    case AvroCode::kTimeMillis:
    case AvroCode::kTimeMicros:
    case AvroCode::kTimestamp: return true;
    default: return false;
  }
}

// Of what a duration becomes; see avro_type_rules.h.
bool IsDurationStruct(const Type& type) {
  constexpr std::string_view kParts[] = {"months", "days", "millis"};
  return std::equal(type.fields.begin(), type.fields.end(), std::begin(kParts), std::end(kParts),
                    [](const Field& field, std::string_view part) {
                      return field.name == part && field.type.id == TypeId::kLong;
                    });
}

// Every method that returns a bool appends instructions and returns false, with failure_ set, when
// the value cannot be taken.
class Compiler {
 public:
  explicit Compiler(RescueScope scope) : scope_(scope) {}

  CompiledAvro Run(const AvroSchema& schema, const Target& top) {
    const bool ok = StructValue(schema, top);
    CompiledAvro compiled;
    if (too_long_) {
      compiled.failure = {"unsupported_schema", "",
                          "the schema has too many combinations of branches and columns"};
    } else if (!ok) {
      compiled.failure = std::move(failure_);
    } else {
      compiled.program = std::move(program_);
    }
    return compiled;
  }

 private:
  // `emit` appends the instructions of one branch.
  template <typename Emit>
  bool Union(const AvroSchema& schema, Column* column, bool top, const Emit& emit) {
    const bool first_is_null = schema.children[0].kind == AvroKind::kNull;
    const bool has_null = first_is_null || schema.children.back().kind == AvroKind::kNull;
    if (!top && schema.children.size() == 2 && has_null) {
      const size_t at = Begin(AvroCode::kOptional, column, first_is_null ? 0 : 2);
      if (!emit(schema.children[first_is_null ? 1 : 0], first_is_null ? 1 : 0)) return false;
      End(at);
      return true;
    }
    const size_t number = program_.unions.size();
    program_.unions.emplace_back();
    const size_t at = Begin(AvroCode::kUnion, column, static_cast<int64_t>(number));
    bool any = false;
    for (size_t i = 0; i < schema.children.size(); ++i) {
      const AvroSchema& branch = schema.children[i];
      const auto begin = static_cast<uint32_t>(program_.ops.size());
      if (branch.kind == AvroKind::kNull) {
        NullBranch(column, top);
      } else if (emit(branch, i)) {
        any = true;
      } else if (column == nullptr || !RescueValue(branch, *column, begin)) {
        // Only records that use this branch fail; the others are good.
        CutTo(begin);
        AppendFailure(failure_);
      }
      program_.unions[number].push_back({begin, static_cast<uint32_t>(program_.ops.size())});
    }
    End(at);
    return any;
  }

  void NullBranch(Column* column, bool top) {
    if (top) return AppendFailure({"missing_field", "", "the record is null"});
    if (column == nullptr) return;
    if (column->required()) return AppendFailure(NullFailure(*column));
    Append(AvroCode::kNull, column);
  }

  bool Value(const AvroSchema& schema, Column& column) {
    const size_t begin = program_.ops.size();
    return ValueInto(schema, column) || RescueValue(schema, column, begin);
  }

  // Instead of what was appended since `begin`: null for the column, which does not take the value.
  bool RescueValue(const AvroSchema& schema, Column& column, size_t begin) {
    const bool may_be_null = scope_ == RescueScope::kValues && !too_long_ && !column.required() &&
                             IsMisfit(failure_.code);
    if (!may_be_null) return false;
    CutTo(begin);
    AppendRescue({&schema, &column, false, {}});
    Append(AvroCode::kNull, &column);
    return true;
  }

  void AppendRescue(AvroRescue rescue) {
    AppendNumber(AvroCode::kRescue, static_cast<int64_t>(program_.rescues.size()));
    program_.rescues.push_back(std::move(rescue));
  }

  bool ValueInto(const AvroSchema& schema, Column& column) {
    if (too_long_) return false;
    const Type& type = column.type();
    if (type.id == TypeId::kStruct) return StructValue(schema, TargetOf(column));
    if (schema.kind == AvroKind::kUnion) {
      return Union(schema, &column, /*top=*/false,
                   [&](const AvroSchema& branch, size_t) { return Value(branch, column); });
    }
    if (schema.kind == AvroKind::kNull) return NullValue(column);
    // Items that take no bytes could make any number of rows out of nothing.
    const bool is_list = type.id == TypeId::kList && schema.kind == AvroKind::kArray;
    if (is_list && MinBytes(schema.children[0]) > 0) {
      const size_t at = Begin(AvroCode::kArray, &column, MinBytes(schema.children[0]));
      if (!Value(schema.children[0], *column.children()[0])) return false;
      End(at);
      return true;
    }
    if (type.id == TypeId::kMap && schema.kind == AvroKind::kMap &&
        type.fields[0].type.id == TypeId::kString) {
      const size_t at = Begin(AvroCode::kMap, &column, 1 + MinBytes(schema.children[0]));
      if (!Value(schema.children[0], *column.children()[1])) return false;
      End(at);
      return true;
    }
    return Primitive(schema, column);
  }

  bool Primitive(const AvroSchema& schema, Column& column) {
    const bool is_nested = !column.type().is_primitive();
    auto op = is_nested ? std::nullopt : PrimitiveOp(schema, column.type());
    if (!op) return Mismatch(schema, column);
    op->column = &column;
    if (op->code == AvroCode::kEnum) {
      op->argument = static_cast<int64_t>(program_.symbols.size());
      program_.symbols.push_back(schema.symbols);
    }
    if (scope_ == RescueScope::kValues && !column.required() && MayNotFit(op->code)) {
      program_.misfits.emplace_back(static_cast<uint32_t>(program_.ops.size()), &schema);
    }
    Append(*op);
    return true;
  }

  bool NullValue(Column& column) {
    if (column.required()) return Fail(NullFailure(column));
    Append(AvroCode::kNull, &column);
    return true;
  }

  bool StructValue(const AvroSchema& schema, const Target& target) {
    if (too_long_) return false;
    if (target.parent != nullptr && schema.kind == AvroKind::kNull) {
      return NullValue(*target.parent);
    }
    if (UsesBranches(schema, target)) return BranchStruct(schema, target);
    if (schema.kind == AvroKind::kUnion) {
      return Union(schema, target.parent, target.parent == nullptr,
                   [&](const AvroSchema& branch, size_t) { return StructValue(branch, target); });
    }
    if (schema.kind == AvroKind::kRecord) return Record(schema, target);
    if (target.parent == nullptr) {
      return Fail({"schema_mismatch", "",
                   fmt::format("the payload's schema is {}, and no column is named after it",
                               ToString(schema))});
    }
    if (schema.logical == AvroLogical::kDuration && IsDurationStruct(target.parent->type())) {
      Append(AvroCode::kDuration, target.parent);
      return true;
    }
    return Mismatch(schema, *target.parent);
  }

  // Whether the struct has a field per branch, as AvroToIceberg() makes them, rather than the
  // fields of the one or several records it is filled from.
  static bool UsesBranches(const AvroSchema& schema, const Target& target) {
    const std::vector<std::string> names = BranchNames(schema);
    const auto branches = BranchesOf(schema);
    const FieldMatch match(NamesOf(branches, names), target.fields);
    if (!match.any()) return false;
    const auto is_value = [](const AvroSchema& branch) { return branch.kind != AvroKind::kNull; };
    if (std::count_if(branches.begin(), branches.end(), is_value) != 1) return true;
    const auto only = std::find_if(branches.begin(), branches.end(), is_value);
    if (only->kind != AvroKind::kRecord) return true;
    const size_t field = match.FieldOf(static_cast<size_t>(only - branches.begin()));
    return target.fields[field].type.id == TypeId::kStruct &&
           !FieldMatch(NamesOf(*only), target.fields).any();
  }

  bool BranchStruct(const AvroSchema& schema, const Target& target) {
    const std::vector<std::string> names = BranchNames(schema);
    const FieldMatch match(NamesOf(BranchesOf(schema), names), target.fields);
    const auto member = [&](const AvroSchema& branch, size_t i) {
      const size_t taken = match.FieldOf(i);
      for (size_t field = 0; field < target.fields.size(); ++field) {
        const bool left_null = field != taken && target.fields[field].required;
        if (left_null) return Fail(NullFailure(*target.columns[field]));
      }
      if (taken == FieldMatch::kNoField) {
        if (!TakesNoColumn(branch, names[i], target)) AppendNumber(AvroCode::kIgnored, 1);
      } else if (!Value(branch, *target.columns[taken])) {
        return false;
      }
      Append(AvroCode::kFillStruct, target.parent);
      return true;
    };
    if (schema.kind != AvroKind::kUnion) return member(schema, 0);
    return Union(schema, target.parent, target.parent == nullptr, member);
  }

  bool Record(const AvroSchema& record, const Target& target) {
    const FieldMatch match(NamesOf(record), target.fields);
    int64_t ignored = 0;
    for (size_t i = 0; i < record.fields.size(); ++i) {
      const size_t field = match.FieldOf(i);
      if (field == FieldMatch::kNoField) {
        if (!TakesNoColumn(record.fields[i].schema, record.fields[i].name, target)) ++ignored;
      } else if (!Value(record.fields[i].schema, *target.columns[field])) {
        return false;
      }
    }
    for (size_t i = 0; i < target.fields.size(); ++i) {
      if (!match.IsTaken(i) && !Absent(target.fields[i], *target.columns[i])) return false;
    }
    if (ignored > 0) AppendNumber(AvroCode::kIgnored, ignored);
    if (target.parent != nullptr) Append(AvroCode::kEndStruct, target.parent);
    return true;
  }

  // Whether it is rescued.
  bool TakesNoColumn(const AvroSchema& schema, const std::string& name, const Target& target) {
    if (scope_ == RescueScope::kNothing) {
      Skip(schema);
      return false;
    }
    AppendRescue({&schema, target.parent, true, name});
    return true;
  }

  // A column the writer knows nothing of.
  bool Absent(const Field& field, Column& column) {
    if (field.write_default && field.type.is_primitive()) {
      auto value = iceberg::FromJsonText(*field.write_default, field.type);
      if (value.ok() && !iceberg::IsNull(*value)) {
        AvroOp op{AvroCode::kDefault, 0, static_cast<int64_t>(program_.defaults.size()), &column};
        program_.defaults.push_back(std::move(value).value());
        Append(op);
        return true;
      }
    }
    if (column.required()) {
      return Fail({"missing_field", column.path(),
                   column.path() + " is not in the payload's schema, and the column is required"});
    }
    Append(AvroCode::kNull, &column);
    return true;
  }

  void Skip(const AvroSchema& schema) {
    switch (schema.kind) {
      case AvroKind::kNull: return;
      case AvroKind::kBoolean: return AppendNumber(AvroCode::kSkipFixed, 1);
      case AvroKind::kInt:
      case AvroKind::kLong:
      case AvroKind::kEnum: return Append(AvroCode::kSkipNumber, nullptr);
      case AvroKind::kFloat: return AppendNumber(AvroCode::kSkipFixed, 4);
      case AvroKind::kDouble: return AppendNumber(AvroCode::kSkipFixed, 8);
      case AvroKind::kBytes:
      case AvroKind::kString: return Append(AvroCode::kSkipBytes, nullptr);
      case AvroKind::kFixed: return AppendNumber(AvroCode::kSkipFixed, schema.size);
      case AvroKind::kRecord:
        for (const AvroField& field : schema.fields) Skip(field.schema);
        return;
      case AvroKind::kUnion:
        Union(schema, nullptr, /*top=*/false, [&](const AvroSchema& branch, size_t) {
          Skip(branch);
          return true;
        });
        return;
      case AvroKind::kArray:
      case AvroKind::kMap: break;
    }
    const bool is_map = schema.kind == AvroKind::kMap;
    const size_t at = Begin(is_map ? AvroCode::kMap : AvroCode::kArray, nullptr,
                            (is_map ? 1 : 0) + MinBytes(schema.children[0]));
    Skip(schema.children[0]);
    End(at);
  }

  size_t Begin(AvroCode code, Column* column, int64_t argument) {
    Append({code, 0, argument, column});
    return program_.ops.size() - 1;
  }
  void End(size_t at) {
    program_.ops[at].length = static_cast<uint32_t>(program_.ops.size() - at - 1);
  }
  void CutTo(size_t size) {
    program_.ops.resize(size);
    while (!program_.misfits.empty() && program_.misfits.back().first >= size)
      program_.misfits.pop_back();
  }
  void Append(AvroCode code, Column* column) { Append({code, 0, 0, column}); }
  void AppendNumber(AvroCode code, int64_t argument) { Append({code, 0, argument, nullptr}); }
  void Append(const AvroOp& op) {
    too_long_ = too_long_ || program_.ops.size() >= kAvroOpsMax;
    program_.ops.push_back(op);
  }
  void AppendFailure(RowFailure failure) {
    AppendNumber(AvroCode::kFail, static_cast<int64_t>(program_.failures.size()));
    program_.failures.push_back(std::move(failure));
  }

  static RowFailure NullFailure(const Column& column) {
    return {"missing_field", column.path(), column.path() + " is null, and the column is required"};
  }
  bool Mismatch(const AvroSchema& schema, const Column& column) {
    return Fail({"schema_mismatch", column.path(),
                 fmt::format("{} has type {}, and the payload's schema says {}", column.path(),
                             iceberg::ToString(column.type()), ToString(schema))});
  }
  bool Fail(RowFailure failure) {
    failure_ = std::move(failure);
    return false;
  }

  const RescueScope scope_;
  AvroProgram program_;
  RowFailure failure_;
  bool too_long_ = false;
};

}  // namespace

CompiledAvro CompileAvro(const AvroSchema& schema, const std::vector<Field>& fields,
                         const std::vector<Column*>& columns, RescueScope scope) {
  return Compiler(scope).Run(schema, {fields, columns, nullptr});
}

}  // namespace kafka_iceberg::decode

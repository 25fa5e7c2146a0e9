// SPDX-License-Identifier: Apache-2.0
#include "decode/type_text.h"

#include <array>
#include <set>
#include <utility>

#include "decode/arrow_schema.h"
#include "decode/metadata_columns.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

constexpr size_t kTextBytesMax = 1 << 20;

// Names other systems use, for the hint in the message.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kForeignNames = {{
    {"bigint", "long"},
    {"integer", "int"},
    {"int32", "int"},
    {"int64", "long"},
    {"smallint", "int"},
    {"bool", "boolean"},
    {"varchar", "string"},
    {"text", "string"},
    {"str", "string"},
    {"real", "float"},
    {"float64", "double"},
    {"float32", "float"},
    {"number", "double"},
    {"datetime", "timestamp"},
    {"bytes", "binary"},
    {"array", "list<...>"},
    {"object", "struct<...>"},
    {"numeric", "decimal(p,s)"},
}};

std::string Hint(std::string_view name) {
  for (const auto& [foreign, ours] : kForeignNames) {
    if (name == foreign) return fmt::format("; did you mean {}?", ours);
  }
  return "";
}

// Recursive descent; the depth is bounded.
class TypeParser {
 public:
  TypeParser(std::string_view text, int32_t& next_id) : text_(text), next_id_(next_id) {}

  Result<Type> Parse() {
    if (text_.size() > kTextBytesMax)
      return Error::Invalid("a type text of {} bytes is too long", text_.size());
    Type type = TRY(ParseType(1));
    SkipSpace();
    if (at_ < text_.size()) return ErrorAt(at_, "nothing is expected behind the type");
    return type;
  }

 private:
  Result<Type> ParseType(int32_t depth) {
    if (depth > kSchemaDepthMax)
      return ErrorAt(at_, fmt::format("types nest deeper than {} levels", kSchemaDepthMax));
    SkipSpace();
    const size_t begin = at_;
    const std::string_view name = TakeName();
    if (name.empty()) return ErrorAt(begin, "a type is expected");
    SkipSpace();
    if (Peek() == '<') {
      if (name == "list") return ParseList(depth);
      if (name == "map") return ParseMap(depth);
      if (name == "struct") return ParseStruct(depth);
      return ErrorAt(begin, fmt::format("\"{}\" is not list, map or struct{}", name, Hint(name)));
    }
    return ParsePrimitive(begin, name);
  }

  Result<Type> ParsePrimitive(size_t begin, std::string_view name) {
    if (Peek() == '(' || Peek() == '[') {
      const char close = Peek() == '(' ? ')' : ']';
      while (at_ < text_.size() && text_[at_] != close) ++at_;
      if (at_ == text_.size()) return ErrorAt(at_, fmt::format("'{}' is expected", close));
      ++at_;
    }
    auto type = iceberg::ParsePrimitiveType(text_.substr(begin, at_ - begin));
    if (!type.ok()) {
      if (name == "list" || name == "map" || name == "struct")
        return ErrorAt(at_, "'<' is expected");
      return ErrorAt(begin, type.error().message() + Hint(name));
    }
    return type;
  }

  Result<Type> ParseList(int32_t depth) {
    ++at_;
    const int32_t id = next_id_++;
    Type element = TRY(ParseType(depth + 1));
    TRY(Expect('>'));
    return Type::List(id, /*element_required=*/false, std::move(element));
  }

  Result<Type> ParseMap(int32_t depth) {
    ++at_;
    const int32_t key_id = next_id_++;
    const int32_t value_id = next_id_++;
    SkipSpace();
    const size_t key_at = at_;
    Type key = TRY(ParseType(depth + 1));
    if (!key.is_primitive()) return ErrorAt(key_at, "a map key cannot be a list, map or struct");
    TRY(Expect(','));
    Type value = TRY(ParseType(depth + 1));
    TRY(Expect('>'));
    return Type::Map(key_id, std::move(key), value_id, /*value_required=*/false, std::move(value));
  }

  Result<Type> ParseStruct(int32_t depth) {
    ++at_;
    std::vector<Field> fields;
    std::set<std::string> names;
    do {
      SkipSpace();
      const size_t begin = at_;
      Field field;
      field.name = TakeMemberName();
      if (field.name.empty()) return ErrorAt(begin, "a member name and ':' are expected");
      if (!names.insert(field.name).second)
        return ErrorAt(begin, fmt::format("member {} is there twice", field.name));
      TRY(Expect(':'));
      field.id = next_id_++;
      field.type = TRY(ParseType(depth + 1));
      fields.push_back(std::move(field));
      SkipSpace();
    } while (TakeIf(','));
    TRY(Expect('>'));
    return Type::Struct(std::move(fields));
  }

  std::string_view TakeName() {
    const size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view("<>(),:[] \t\n\r").find(text_[at_]) == std::string_view::npos)
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string TakeMemberName() {
    const size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view(":<>,").find(text_[at_]) == std::string_view::npos)
      ++at_;
    std::string_view name = text_.substr(begin, at_ - begin);
    while (!name.empty() && IsSpace(name.back())) name.remove_suffix(1);
    return std::string(name);
  }

  Status Expect(char c) {
    SkipSpace();
    if (TakeIf(c)) return {};
    return ErrorAt(at_, fmt::format("'{}' is expected", c));
  }

  bool TakeIf(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  Error ErrorAt(size_t at, const std::string& message) const {
    constexpr size_t kShownMax = 200;
    const std::string shown(text_.substr(0, kShownMax));
    return Error::Invalid("type \"{}\", character {}: {}", shown, at + 1, message);
  }

  const std::string_view text_;
  int32_t& next_id_;
  size_t at_ = 0;
};

}  // namespace

Result<Type> ParseTypeText(std::string_view text, int32_t& next_id) {
  return TypeParser(text, next_id).Parse();
}

Result<iceberg::Schema> DeclaredSchema(const std::vector<DeclaredField>& fields,
                                       const std::vector<std::string>& metadata_columns) {
  iceberg::Schema schema;
  int32_t next_id = 1;
  std::set<std::string_view> names;
  for (const DeclaredField& declared : fields) {
    if (declared.name.empty()) return Error::Invalid("a field of the declared schema has no name");
    if (!names.insert(declared.name).second)
      return Error::Invalid("field {} is declared twice", declared.name);
    if (FindMetadataColumn(declared.name)) {
      return Error::Invalid(
          "field {} has the name of a metadata column; list it in metadata_columns instead",
          declared.name);
    }
    Field field;
    field.id = next_id++;
    field.name = declared.name;
    field.required = declared.required;
    field.doc = declared.doc;
    auto type = ParseTypeText(declared.type, next_id);
    if (!type.ok()) return type.error().WithContext("field " + declared.name);
    field.type = std::move(type).value();
    schema.fields.push_back(std::move(field));
  }
  for (Field& field : TRY(MetadataFields(metadata_columns, next_id)))
    schema.fields.push_back(std::move(field));
  return iceberg::AssignFreshIds(schema);
}

}  // namespace kafka_iceberg::decode

// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_text.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <exception>
#include <map>
#include <set>

#include "decode/protobuf/known_protos.h"
#include "decode/protobuf/proto_schema_builder.h"
#include "decode/text/byte_text.h"

namespace kafka_iceberg::decode {
namespace {

namespace pb = google::protobuf;

// The first complaint, with its place.
class FirstError final : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (text_.empty()) text_ = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  void AddError(const std::string&, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (text_.empty()) text_ = fmt::format("{}: {}", element, message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The library's parser calls itself for everything between brackets.
Status CheckDepth(const std::string& name, const std::string& text) {
  pb::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  FirstError ignored;
  pb::io::Tokenizer tokenizer(&input, &ignored);
  int32_t depth = 0;
  while (tokenizer.Next()) {
    if (tokenizer.current().type != pb::io::Tokenizer::TYPE_SYMBOL) continue;
    const char symbol = tokenizer.current().text[0];
    if (symbol == '{' || symbol == '[' || symbol == '<' || symbol == '(') ++depth;
    if (symbol == '}' || symbol == ']' || symbol == '>' || symbol == ')') --depth;
    if (depth > kProtoTextDepthMax) {
      return Error::Unsupported("{}: nests deeper than {} levels", name, kProtoTextDepthMax);
    }
    depth = std::max(depth, 0);
  }
  return {};
}

// Some registries hand out what Python's serializer registered as it is: a FileDescriptorProto in
// base64. No .proto text is one word of base64, because each of its statements ends with a sign.
std::optional<pb::FileDescriptorProto> ParseDescriptor(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::string bytes(static_cast<size_t>(Base64BytesMax(text)), '\0');
  int64_t size = 0;
  if (ParseBase64(text, reinterpret_cast<uint8_t*>(bytes.data()), size) != TextError::kNone)
    return std::nullopt;
  pb::FileDescriptorProto file;
  if (!file.ParseFromArray(bytes.data(), static_cast<int>(size))) return std::nullopt;
  return file;
}

bool IsTrueOption(const pb::UninterpretedOption& option, std::string_view name) {
  return option.name_size() == 1 && option.name(0).name_part() == name &&
         option.identifier_value() == "true";
}

// Options and what defines them mean nothing to us, and are often not delivered. Two options change
// what is legal.
void DropOptions(pb::EnumDescriptorProto& type) {
  type.clear_options();
  type.mutable_options()->set_allow_alias(true);
  for (auto& value : *type.mutable_value()) value.clear_options();
}

void DropOptions(pb::DescriptorProto& message) {
  bool is_map_entry = message.options().map_entry();
  for (const auto& option : message.options().uninterpreted_option()) {
    is_map_entry = is_map_entry || IsTrueOption(option, "map_entry");
  }
  message.clear_options();
  if (is_map_entry) message.mutable_options()->set_map_entry(true);
  message.clear_extension();
  for (auto& field : *message.mutable_field()) field.clear_options();
  for (auto& oneof : *message.mutable_oneof_decl()) oneof.clear_options();
  for (auto& range : *message.mutable_extension_range()) range.clear_options();
  for (auto& type : *message.mutable_enum_type()) DropOptions(type);
  for (auto& nested : *message.mutable_nested_type()) DropOptions(nested);
}

void DropOptions(pb::FileDescriptorProto& file) {
  file.clear_options();
  file.clear_service();
  file.clear_extension();
  for (auto& type : *file.mutable_enum_type()) DropOptions(type);
  for (auto& message : *file.mutable_message_type()) DropOptions(message);
}

// The messages that stand in the text, as opposed to those that map fields stand for: by full name.
void CollectDeclared(const pb::DescriptorProto& message, const std::string& scope,
                     std::set<std::string>& declared) {
  // Set by the parser, not yet by an option of the text.
  if (message.options().map_entry()) return;
  const std::string name = scope.empty() ? message.name() : scope + "." + message.name();
  declared.insert(name);
  for (const auto& nested : message.nested_type()) CollectDeclared(nested, name, declared);
}

// Builds a file after those it imports.
class FileSet {
 public:
  explicit FileSet(const std::vector<SchemaReference>& references)
      : pool_(pb::DescriptorPool::generated_pool()) {
    for (const SchemaReference& reference : references) {
      texts_.emplace(reference.name, reference.text);
    }
  }

  Result<ProtoSchema> Build(const std::string& text) {
    pb::FileDescriptorProto file = TRY(Parse(kMainLabel, text));
    std::set<std::string> declared;
    for (const auto& message : file.message_type()) {
      CollectDeclared(message, file.package(), declared);
    }
    const pb::FileDescriptor* built = TRY(Build(kMainLabel, std::move(file)));
    return ProtoSchemaBuilder::Build(*built, declared);
  }

 private:
  // No import is called that.
  static constexpr char kMainLabel[] = "the protobuf schema";

  static Result<pb::FileDescriptorProto> Parse(const std::string& name, const std::string& text) {
    if (auto described = ParseDescriptor(text)) {
      described->set_name(name);
      return *std::move(described);
    }
    TRY(CheckDepth(name, text));
    pb::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
    FirstError error;
    pb::io::Tokenizer tokenizer(&input, &error);
    pb::compiler::Parser parser;
    parser.RecordErrorsTo(&error);
    pb::FileDescriptorProto file;
    if (!parser.Parse(&tokenizer, &file) || !error.text().empty())
      return Error(ErrorCode::kCorrupt, fmt::format("{}: {}", name, error.text()));
    file.set_name(name);
    return file;
  }

  Result<const pb::FileDescriptor*> Build(const std::string& name, pb::FileDescriptorProto file) {
    std::string missing;
    for (const std::string& import : file.dependency()) {
      if (!TRY(Provide(import))) missing += fmt::format(" ({} was not delivered)", import);
    }
    DropOptions(file);
    FirstError error;
    const pb::FileDescriptor* built = pool_.BuildFileCollectingErrors(file, &error);
    if (built == nullptr)
      return Error(ErrorCode::kCorrupt, fmt::format("{}: {}{}", name, error.text(), missing));
    return built;
  }

  // False when nobody has the file; an empty one stands in for it.
  Result<bool> Provide(const std::string& import) {
    const bool is_linked = pb::DescriptorPool::generated_pool()->FindFileByName(import) != nullptr;
    // Begun before, maybe not ended: then they import each other, which the library refuses.
    if (is_linked || !begun_.insert(import).second) return true;
    if (begun_.size() > kProtoFilesMax)
      return Error::Unsupported("the protobuf schema has more than {} files", kProtoFilesMax);
    const auto reference = texts_.find(import);
    const std::string text(reference == texts_.end() ? KnownProtoText(import) : reference->second);
    auto file = TRY(Parse(import, text));
    TRY(Build(import, std::move(file)));
    return !text.empty();
  }

  pb::DescriptorPool pool_;  // looks into the library's own files first
  std::map<std::string, std::string_view> texts_;
  std::set<std::string> begun_;
};

Result<ProtoSchema> Parse(const PayloadSchema& schema) {
  // Keeps the well-known types linked, whatever kind of library they come in.
  pb::Any::descriptor();
  // Files without a syntax line are proto2; the library would tell standard error so.
  static const bool is_silent = pb::SetLogHandler(nullptr) != nullptr;
  static_cast<void>(is_silent);
  return FileSet(schema.references).Build(schema.text);
}

}  // namespace

Result<ProtoSchema> ParseProtoText(const PayloadSchema& schema) {
  if (schema.format != PayloadFormat::kProtobuf)
    return Error::Unsupported("the schema is not a protobuf schema");
  size_t bytes = schema.text.size();
  for (const SchemaReference& reference : schema.references) bytes += reference.text.size();
  if (bytes > kProtoTextBytesMax || schema.references.size() > kProtoFilesMax) {
    return Error::Unsupported(
        "the protobuf schema has {} bytes in {} files; at most {} bytes in {} files are read",
        bytes, schema.references.size() + 1, kProtoTextBytesMax, kProtoFilesMax);
  }
  try {
    return Parse(schema);
  } catch (const std::exception& exception) {
    return Error::Unsupported("the protobuf library failed on the schema: {}", exception.what());
  }
}

}  // namespace kafka_iceberg::decode

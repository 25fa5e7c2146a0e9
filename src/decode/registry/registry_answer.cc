// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/registry_answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "iceberg/json/json_reader.h"
#include "net/http_retry.h"
#include "net/http_text.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::FindMember;
using iceberg::Json;

constexpr size_t kNameBytesMax = 4096;
constexpr int64_t kVersionMax = INT32_MAX;

const std::string* FindText(const Json& object, std::string_view name) {
  const Json* member = FindMember(object, name);
  return member != nullptr && member->is_string() ? &member->get_ref<const std::string&>()
                                                  : nullptr;
}

// "error_code" of the registry's own errors; a proxy's page or a wrong address has none.
std::optional<int64_t> ErrorCodeOf(const std::string& body) {
  const auto json = iceberg::ParseJson(body, "error");
  if (!json.ok()) return std::nullopt;
  const Json* code = FindMember(*json, "error_code");
  return code == nullptr ? std::nullopt : iceberg::AsInt64(*code);
}

// No such subject, version, schema.
bool IsUnknown(std::optional<int64_t> error_code) {
  return error_code == 40401 || error_code == 40402 || error_code == 40403;
}

Status CheckIdentity(const Json& object, const AskedFor& asked) {
  const auto differs = [&](std::string_view name, std::optional<int64_t> wanted) {
    const Json* member = FindMember(object, name);
    return wanted.has_value() && member != nullptr && iceberg::AsInt64(*member) != wanted;
  };
  if (differs("id", asked.id)) return Error::Corrupt("the answer has another id");
  if (differs("version", asked.version)) return Error::Corrupt("the answer has another version");
  if (asked.guid.empty() || FindMember(object, "guid") == nullptr) return {};
  const std::string* guid = FindText(object, "guid");
  if (guid == nullptr || !net::EqualsIgnoreCase(*guid, asked.guid))
    return Error::Corrupt("the answer has another guid");
  return {};
}

Result<PayloadFormat> FormatOf(const Json& object) {
  const Json* type = FindMember(object, "schemaType");
  if (type == nullptr) return PayloadFormat::kAvro;
  if (!type->is_string()) return Error::Corrupt("the schema's type is not text");
  const std::string& name = type->get_ref<const std::string&>();
  if (name == "AVRO") return PayloadFormat::kAvro;
  if (name == "PROTOBUF") return PayloadFormat::kProtobuf;
  if (name == "JSON") return PayloadFormat::kJsonSchema;
  return Error::Unsupported("the schema is none of AVRO, PROTOBUF, JSON");
}

Result<RegistryReference> ReferenceOf(const Json& json) {
  const std::string* name = FindText(json, "name");
  const std::string* subject = FindText(json, "subject");
  const Json* number = FindMember(json, "version");
  const auto version = number == nullptr ? std::nullopt : iceberg::AsInt64(*number);
  if (name == nullptr || subject == nullptr || subject->empty() || !version.has_value() ||
      *version < 1 || *version > kVersionMax)
    return Error::Corrupt("a reference without a name, a subject or a version from 1 on");
  if (name->size() > kNameBytesMax || subject->size() > kNameBytesMax)
    return Error::Corrupt("a reference whose name is longer than {} bytes", kNameBytesMax);
  return RegistryReference{*name, *subject, *version};
}

Result<std::vector<RegistryReference>> ReferencesOf(const Json& object) {
  std::vector<RegistryReference> references;
  const Json* list = FindMember(object, "references");
  if (list == nullptr) return references;
  if (!list->is_array()) return Error::Corrupt("the schema's references are not a list");
  if (list->size() > kRegistryReferencesMax)
    return Error::Unsupported("the schema has {} references, at most {} are allowed", list->size(),
                              kRegistryReferencesMax);
  for (const Json& json : *list) references.push_back(TRY(ReferenceOf(json)));
  return references;
}

Result<RegistrySchema> SchemaOf(const Json& object, const std::string& text,
                                const AskedFor& asked) {
  TRY(CheckIdentity(object, asked));
  if (text.size() > kRegistrySchemaBytesMax)
    return Error::Corrupt("the schema has {} bytes, at most {} are allowed", text.size(),
                          kRegistrySchemaBytesMax);
  const PayloadFormat format = TRY(FormatOf(object));
  auto references = TRY(ReferencesOf(object));
  return RegistrySchema{format, text, std::move(references)};
}

RegistryAnswer Failure(Error error, NextStep next, bool is_server_failing) {
  const std::string_view label = ToString(error.code());
  return {std::move(error), next, label, is_server_failing};
}

RegistryAnswer OfBody(const std::string& body, const AskedFor& asked) {
  const auto json = iceberg::ParseJson(body, "answer");
  const std::string* text = json.ok() ? FindText(*json, "schema") : nullptr;
  if (text == nullptr)
    return Failure(Error::Unavailable("answered 200 with something that is no schema"),
                   NextStep::kTryLater, true);
  auto schema = SchemaOf(*json, *text, asked);
  if (!schema.ok()) return Failure(std::move(schema).error(), NextStep::kDone, false);
  return {std::move(schema), NextStep::kDone, "ok", false};
}

RegistryAnswer OfStatus(const net::HttpResponse& response) {
  const int status = response.status;
  if (status == 401 || status == 403) {
    RegistryAnswer answer = Failure(
        Error::Unavailable(
            "{}: the credentials were refused: check the registry's user, password or token",
            status),
        NextStep::kNextUrl, false);
    answer.label = "denied";
    return answer;
  }
  if (status == 404 && IsUnknown(ErrorCodeOf(response.body)))
    return Failure(Error::NotFound("the registry does not know it"), NextStep::kDone, false);
  if (status >= 300 && status < 400)
    return Failure(Error::Unavailable("{}: redirected to another server, which is not followed: "
                                      "configure the address it leads to",
                                      status),
                   NextStep::kNextUrl, false);
  if (status >= 500 || net::IsRetryable(status))
    return Failure(Error::Unavailable("{}: not able to answer", status), NextStep::kTryLater, true);
  return Failure(Error::Unavailable(
                     "{}: not the answer of a schema registry: check the path of its url", status),
                 NextStep::kNextUrl, false);
}

}  // namespace

RegistryAnswer ReadRegistryAnswer(const Result<net::HttpResponse>& response,
                                  const AskedFor& asked) {
  if (response.ok())
    return response->status == 200 ? OfBody(response->body, asked) : OfStatus(*response);
  const Error& error = response.error();
  if (error.code() == ErrorCode::kTimeout) return Failure(error, NextStep::kTryLater, true);
  return Failure(Error::Unavailable("{}", error.message()), NextStep::kTryLater, true);
}

}  // namespace kafka_iceberg::decode

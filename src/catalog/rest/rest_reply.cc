// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_reply.h"

#include <nlohmann/json.hpp>

#include "iceberg/json/json_reader.h"
#include "net/http_text.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::FindMember;
using iceberg::Json;

constexpr size_t kMessageBytesMax = 400;
// An error this long holds a stack trace or a page of HTML, not more to read.
constexpr size_t kErrorBodyBytesMax = 1 << 20;

// {"error":{"message":...}} of the protocol, {"message":...} of Nessie's own, {"error":"..",
// "error_description":..} of OAuth2; empty when the body is none of these.
std::string MessageOf(std::string_view body) {
  if (body.empty() || body.size() > kErrorBodyBytesMax) return "";
  const auto parsed = iceberg::ParseJson(body, "error");
  if (!parsed.ok()) return "";
  const Json* error = FindMember(*parsed, "error");
  const Json& holder = error != nullptr && error->is_object() ? *error : *parsed;
  for (const char* name : {"message", "error_description"}) {
    const Json* message = FindMember(holder, name);
    if (message != nullptr && message->is_string()) {
      return net::Printable(message->get_ref<const std::string&>(), kMessageBytesMax);
    }
  }
  return "";
}

std::string_view AdviceOn(int status) {
  switch (status) {
    case 401:
    case 419: return "the credential was refused: check credential, scope and the token server";
    case 403: return "not allowed: check the permissions of this user";
    case 404: return "no such thing, or a wrong uri or prefix";
    case 429: return "too many requests";
    default: break;
  }
  if (status >= 300 && status < 400) {
    return "redirected, which is not followed: set uri to the address it leads to";
  }
  return "";
}

bool IsRedirect(int status) { return status >= 300 && status < 400; }

// The server looked at the request and refused it; nothing was applied and sending it again would
// not help.
bool IsRefusal(int status) {
  switch (status) {
    case 408:  // a proxy's, after it may have passed the request on
    case 409:
    case 429:
    case 499: return false;
    case 501: return true;
    default: return status >= 400 && status < 500;
  }
}

ErrorCode CodeOfConflict(RestRoute route) {
  switch (route) {
    case RestRoute::kCreate: return ErrorCode::kAlreadyExists;
    case RestRoute::kUpdate: return ErrorCode::kConflict;
    case RestRoute::kDropNamespace:
    case RestRoute::kRead: break;
  }
  return ErrorCode::kInvalid;
}

ErrorCode CodeOf(int status, RestRoute route) {
  switch (status) {
    case 401:
    case 403:
    case 419: return ErrorCode::kDenied;
    case 404: return ErrorCode::kNotFound;
    case 405:
    case 406:
    case 410:
    case 501: return ErrorCode::kUnsupported;
    case 408:
    case 429: return ErrorCode::kUnavailable;
    case 409: return CodeOfConflict(route);
    default: return status < 500 ? ErrorCode::kInvalid : ErrorCode::kUnavailable;
  }
}

CommitReply OutcomeOfError(const Error& error) {
  switch (error.code()) {
    // Nothing was sent, which is proof. kConflict, not kUnknown: an epoch in doubt would keep every
    // file for a request that never existed. The caller refreshes before it tries again, meets the
    // same outage there and reports it.
    case ErrorCode::kUnavailable: return {CommitOutcome::kConflict, error.message()};
    case ErrorCode::kDenied:
    case ErrorCode::kInvalid:
    case ErrorCode::kUnsupported: return {CommitOutcome::kRejected, error.message()};
    default: return {CommitOutcome::kUnknown, error.message()};
  }
}

}  // namespace

std::string DescribeReply(const net::HttpResponse& reply) {
  std::string message = MessageOf(reply.body);
  const std::string_view advice = AdviceOn(reply.status);
  if (message.empty())
    message = advice.empty() ? "no explanation" : advice;
  else if (!advice.empty())
    message += fmt::format(" ({})", advice);
  return fmt::format("{}: {}", reply.status, message);
}

Status CheckReply(const net::HttpResponse& reply, RestRoute route) {
  if (reply.status >= 200 && reply.status <= 204) return {};
  if (IsRedirect(reply.status)) return Error::Invalid("{}", DescribeReply(reply));
  return Error(CodeOf(reply.status, route), DescribeReply(reply));
}

CommitReply OutcomeOfCommit(const Result<net::HttpResponse>& reply) {
  if (!reply.ok()) return OutcomeOfError(reply.error());
  std::string detail = DescribeReply(*reply);
  if (reply->status == 200 || reply->status == 204) return {CommitOutcome::kCommitted, {}};
  // Throttled before anything was looked at: the next attempt may do better, after the caller's
  // pause.
  if (reply->status == 409 || reply->status == 429) {
    return {CommitOutcome::kConflict, std::move(detail)};
  }
  if (IsRefusal(reply->status)) return {CommitOutcome::kRejected, std::move(detail)};
  return {CommitOutcome::kUnknown, std::move(detail)};
}

}  // namespace kafka_iceberg::catalog

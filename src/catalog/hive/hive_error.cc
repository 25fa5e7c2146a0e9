// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_error.h"

#include <hive_metastore_types.h>
#include <thrift/TApplicationException.h>
#include <thrift/protocol/TProtocolException.h>
#include <thrift/transport/TTransportException.h>

#include <string_view>

namespace kafka_iceberg::catalog {

namespace {

using apache::thrift::TApplicationException;
using apache::thrift::protocol::TProtocolException;
using apache::thrift::transport::TTransportException;

constexpr size_t kMessageBytesMax = 300;

// How Hive 4 says that the expected value of a parameter was not there any more.
constexpr std::string_view kModified = "The table has been modified";

std::string OneLine(std::string_view text) {
  std::string line(text.substr(0, kMessageBytesMax));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// When `exception` is an E: the server's answer, which proves that nothing happened.
template <typename E>
bool IsAnswer(const std::exception& exception, ErrorCode code, HiveFailure& failure) {
  const auto* const answer = dynamic_cast<const E*>(&exception);
  if (answer == nullptr) return false;
  failure = {code, OneLine(answer->message), true, false};
  return true;
}

bool IsAnyAnswer(const std::exception& exception, HiveFailure& failure) {
  return IsAnswer<hms::AlreadyExistsException>(exception, ErrorCode::kAlreadyExists, failure) ||
         IsAnswer<hms::NoSuchObjectException>(exception, ErrorCode::kNotFound, failure) ||
         IsAnswer<hms::UnknownDBException>(exception, ErrorCode::kNotFound, failure) ||
         IsAnswer<hms::NoSuchLockException>(exception, ErrorCode::kNotFound, failure) ||
         IsAnswer<hms::InvalidObjectException>(exception, ErrorCode::kInvalid, failure) ||
         IsAnswer<hms::InvalidOperationException>(exception, ErrorCode::kInvalid, failure) ||
         IsAnswer<hms::NoSuchTxnException>(exception, ErrorCode::kUnavailable, failure) ||
         IsAnswer<hms::TxnAbortedException>(exception, ErrorCode::kUnavailable, failure) ||
         IsAnswer<hms::TxnOpenException>(exception, ErrorCode::kUnavailable, failure);
}

// Anything may be behind it, a failure after the database has committed too.
HiveFailure JudgeMeta(const std::string& text) {
  const std::string message = OneLine(text);
  if (message.starts_with(kModified)) return {ErrorCode::kConflict, message, true, false};
  return {ErrorCode::kUnavailable, message, false, false};
}

HiveFailure JudgeApplication(const TApplicationException& exception) {
  const std::string message = OneLine(exception.what());
  switch (exception.getType()) {
    case TApplicationException::UNKNOWN_METHOD:
      return {ErrorCode::kUnsupported, message, true, false};
    case TApplicationException::INTERNAL_ERROR:
      return {ErrorCode::kUnavailable, message, false, false};
    default: return {ErrorCode::kUnavailable, message, false, true};
  }
}

}  // namespace

HiveFailure JudgeHiveFailure(const std::exception& exception) {
  HiveFailure failure;
  if (IsAnyAnswer(exception, failure)) return failure;
  if (const auto* const meta = dynamic_cast<const hms::MetaException*>(&exception))
    return JudgeMeta(meta->message);
  if (const auto* const application = dynamic_cast<const TApplicationException*>(&exception))
    return JudgeApplication(*application);
  failure.message = OneLine(exception.what());
  if (const auto* const transport = dynamic_cast<const TTransportException*>(&exception)) {
    if (transport->getType() == TTransportException::TIMED_OUT) failure.code = ErrorCode::kTimeout;
  } else if (const auto* const protocol = dynamic_cast<const TProtocolException*>(&exception)) {
    if (protocol->getType() == TProtocolException::SIZE_LIMIT)
      failure.code = ErrorCode::kUnsupported;
  }
  return failure;
}

}  // namespace kafka_iceberg::catalog

// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/transaction_errors.h"

namespace kafka_iceberg::kafka {

Error TransactionError(const TransactionNames& names, rd_kafka_resp_err_t error,
                       std::string_view detail) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return Error::Denied(
          "transactions of {} are forbidden: grant Write and Describe on transactional ids that "
          "begin with \"kafka-iceberg-\"",
          names.transactional_id);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return Error::Denied("grant Write, Read and Describe on topic {}", names.topic);
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return Error::Denied(
          "grant IdempotentWrite on the cluster, which brokers before Kafka 2.8 ask for");
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      return Error::Conflict("another process writes under {} now", names.transactional_id);
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return Error::Unsupported(
          "the broker's transaction.max.timeout.ms is too low: raise it to a minute or more");
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
      return Error::Unsupported(
          "the broker knows no transactions (Kafka before 0.11, or not Kafka): set "
          "dead_letter.mode to \"table\" or \"file\" ({})",
          detail);
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return Error::Invalid("topic {} takes no batch of this size (max.message.bytes): {}",
                            names.topic, detail);
    default: {
      const Error plain = ToError(error, "kafka", detail);
      // Not a refusal of anything the user has written down.
      const bool is_final = plain.code() == ErrorCode::kDenied ||
                            plain.code() == ErrorCode::kUnsupported ||
                            plain.code() == ErrorCode::kNotFound;
      return is_final || plain.code() == ErrorCode::kTimeout
                 ? plain
                 : Error(ErrorCode::kUnavailable, plain.message());
    }
  }
}

}  // namespace kafka_iceberg::kafka

// SPDX-License-Identifier: Apache-2.0
//
// What went wrong with a transaction, under the code that says what to do next, with the permission
// to grant or the setting to change where that is the cause. Pure.
#pragma once

#include <string>
#include <string_view>

#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

struct TransactionNames {
  std::string topic;
  std::string transactional_id;
};

// kConflict: a newer session of the id took over. kInvalid: too large a record, or a time-out that
// the broker does not allow. kDenied, kUnsupported: somebody must act. All else may pass.
Error TransactionError(const TransactionNames& names, rd_kafka_resp_err_t error,
                       std::string_view detail);

}  // namespace kafka_iceberg::kafka

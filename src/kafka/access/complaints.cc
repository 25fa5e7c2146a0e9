// SPDX-License-Identifier: Apache-2.0
#include "kafka/access/complaints.h"

#include <utility>

namespace kafka_iceberg::kafka {

void Complaints::OnError(rd_kafka_t*, int error, const char* reason, void* opaque) {
  Of(opaque).Add(static_cast<rd_kafka_resp_err_t>(error), reason);
}

void Complaints::OnLog(const rd_kafka_t* client, int, const char* facility, const char* text) {
  if (std::string_view(facility) != "FAIL") return;
  const std::string_view line(text);
  const size_t said = line.find("]: ");  // after the thread's name
  Of(rd_kafka_opaque(client))
      .Add(RD_KAFKA_RESP_ERR__TRANSPORT,
           said == std::string_view::npos ? line : line.substr(said + 3));
}

void Complaints::Attach(const SecuredClient& client) {
  const MutexLock lock(mutex_);
  client_ = &client;
}

std::optional<Error> Complaints::Worst() const {
  const MutexLock lock(mutex_);
  return worst_;
}

bool Complaints::IsFinal() const {
  const MutexLock lock(mutex_);
  return is_final_;
}

Complaints& Complaints::Of(void* opaque) {
  return *static_cast<Complaints*>(ClientContext::Of(opaque).owner);
}

void Complaints::Add(rd_kafka_resp_err_t error, std::string_view reason) {
  const MutexLock lock(mutex_);
  if (client_ == nullptr || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  Error explained = client_->Explain(error, reason);
  const bool is_denied = explained.code() == ErrorCode::kDenied;
  if (worst_ && worst_->code() == ErrorCode::kDenied && !is_denied) return;
  is_final_ = is_final_ || (is_denied && error != RD_KAFKA_RESP_ERR__TRANSPORT);
  worst_ = std::move(explained);
}

}  // namespace kafka_iceberg::kafka

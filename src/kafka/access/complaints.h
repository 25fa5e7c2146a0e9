// SPDX-License-Identifier: Apache-2.0
//
// Complaints: what a librdkafka client said went wrong since it was made; the calls themselves
// often only say that there was no answer. Errors come while polling, log lines on the client's own
// threads; safe for concurrent use. Owned by whoever owns the client, and outlives it.
#pragma once

#include <optional>
#include <string_view>

#include "core/mutex.h"
#include "kafka/access/secured_client.h"

namespace kafka_iceberg::kafka {

class Complaints {
 public:
  // The client's callbacks; the owner behind its ClientContext is a Complaints.
  static void OnError(rd_kafka_t*, int error, const char* reason, void* opaque);
  // A connection that the broker closes is no error to the client, only a line in its log.
  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text);

  void Attach(const SecuredClient& client);
  // The most telling one: refusals say more than broken connections, and those more than "all
  // down".
  std::optional<Error> Worst() const;
  // Whether trying again cannot help.
  bool IsFinal() const;

 private:
  static Complaints& Of(void* opaque);
  void Add(rd_kafka_resp_err_t error, std::string_view reason);

  mutable Mutex mutex_;
  const SecuredClient* client_ GUARDED_BY(mutex_) = nullptr;
  std::optional<Error> worst_ GUARDED_BY(mutex_);
  bool is_final_ GUARDED_BY(mutex_) = false;
};

}  // namespace kafka_iceberg::kafka

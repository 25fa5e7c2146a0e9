// SPDX-License-Identifier: Apache-2.0
//
// What a refused connection means and what the user can do about it: from the client's words, which
// name neither, and from what is known of the configuration. Pure.
#pragma once

#include <string>
#include <string_view>

#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

// Of the configuration, as far as advice depends on it.
struct SecurityFacts {
  std::string protocol;   // plaintext, ssl, sasl_plaintext, sasl_ssl
  std::string mechanism;  // of SASL
  std::string username;
  bool has_ca = false;
  bool has_certificate = false;  // of our own
  bool was_connected = false;    // a broker has answered as it should, ever
};

// The client's report as an error. With advice it is kDenied: trying again does not help.
// `certificate_error` is OpenSSL's number for the last certificate that was refused, 0 for none.
Error ExplainFailure(const SecurityFacts& facts, rd_kafka_resp_err_t error, std::string_view reason,
                     int certificate_error);

// Whether the topic or group may not be used by whoever is logged in: what to grant.
Error ExplainForbidden(const SecurityFacts& facts, rd_kafka_resp_err_t error,
                       std::string_view what);

}  // namespace kafka_iceberg::kafka

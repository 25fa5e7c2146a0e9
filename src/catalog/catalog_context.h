// SPDX-License-Identifier: Apache-2.0
//
// CatalogContext: what a catalog implementation works with, by reference; everything outlives the
// catalog and its tables. CatalogMetrics times each operation and counts what went wrong. Both are
// safe for concurrent use.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/random.h"
#include "storage/object_store.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::catalog {

struct CatalogContext {
  storage::ObjectStore& store;
  Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

class CatalogMetrics {
 public:
  CatalogMetrics(const CatalogContext& context, std::string_view catalog_type)
      : CatalogMetrics(context.clock, context.metrics, catalog_type) {}
  CatalogMetrics(Clock& clock, telemetry::Metrics& metrics, std::string_view catalog_type)
      : clock_(clock), metrics_(metrics), catalog_type_(catalog_type) {}

  // Runs `call` and records its duration, and the kind of its failure: an error's code, or a
  // commit's outcome. "Not found" and "exists already" are answers, not failures.
  template <typename Call>
  std::invoke_result_t<Call> Timed(std::string_view operation, Call&& call) {
    const SteadyTime started = clock_.Steady();
    auto answer = call();
    Record(operation, clock_.Steady() - started, FailureOf(answer));
    return answer;
  }

 private:
  template <typename T>
  static std::optional<std::string_view> FailureOf(const Result<T>& result) {
    if (result.ok()) return std::nullopt;
    const ErrorCode code = result.error().code();
    if (code == ErrorCode::kNotFound || code == ErrorCode::kAlreadyExists) return std::nullopt;
    return kafka_iceberg::ToString(code);
  }
  static std::optional<std::string_view> FailureOf(const CommitReply& reply) {
    if (reply.outcome == CommitOutcome::kCommitted) return std::nullopt;
    return ToString(reply.outcome);
  }
  void Record(std::string_view operation, Duration duration,
              std::optional<std::string_view> failure);

  Clock& clock_;
  telemetry::Metrics& metrics_;
  const std::string catalog_type_;
};

}  // namespace kafka_iceberg::catalog

// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/guarded_calls.h"

namespace kafka_iceberg::catalog {
namespace {

enum class Evidence : uint8_t { kAnswers, kFails, kNone };

// What an error tells about the catalog as a whole.
Evidence EvidenceOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict: return Evidence::kAnswers;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
    case ErrorCode::kCommitUnknown:
    case ErrorCode::kIo: return Evidence::kFails;
    // These may have been found without asking the catalog (a name, a certificate, no credentials),
    // so they must not close a circuit. Nor may they open it: "circuit open" would then hide the
    // one message that says what somebody has to change.
    case ErrorCode::kInvalid:
    case ErrorCode::kDenied:
    case ErrorCode::kUnsupported:
    case ErrorCode::kCorrupt:
    case ErrorCode::kCancelled: return Evidence::kNone;
  }
  return Evidence::kNone;
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

GuardedCalls::GuardedCalls(GuardedCallsOptions options, CatalogConnection& connection, Clock& clock,
                           Random& random, telemetry::Metrics& metrics)
    : options_(std::move(options)),
      connection_(connection),
      clock_(clock),
      random_(random),
      rejections_(metrics.GetCounter(
          "iceberg_catalog_error_total",
          {{"catalog_type", options_.catalog_type}, {"error_type", "circuit_open"}})),
      breaker_(options_.breaker, clock) {}

Result<GuardedCalls::Passage> GuardedCalls::Enter() {
  const std::string name = "catalog " + options_.catalog_type;
  {
    MutexLock lock(mutex_);
    if (stop_.stop_requested()) return Error::Cancelled("{} is shutting down", name);
    ++in_flight_;
  }
  InFlight in_flight(*this);
  // Told again without asking: no evidence for the breaker.
  if (const auto held_back = connection_.HeldBack()) return held_back->WithContext(name);
  std::optional<CircuitBreaker::Permit> permit = breaker_.TryAcquire();
  if (!permit) return CircuitOpen();
  Result<std::shared_ptr<Catalog>> catalog = connection_.Get();
  if (!catalog.ok()) {
    Report(*permit, &catalog.error());
    return catalog.error().WithContext(name);
  }
  return Passage(std::move(in_flight), *std::move(permit), std::move(catalog).value());
}

Error GuardedCalls::CircuitOpen() {
  rejections_.Add();
  return Error::Unavailable(
      "catalog {}: circuit open after {} failures in a row, nothing was sent, next try in {:.1f} s",
      options_.catalog_type, breaker_.failures(), Seconds(breaker_.RetryIn()));
}

void GuardedCalls::Report(CircuitBreaker::Permit& permit, const Error* error) {
  switch (error == nullptr ? Evidence::kAnswers : EvidenceOf(error->code())) {
    case Evidence::kAnswers: permit.Succeeded(); break;
    case Evidence::kFails: permit.Failed(); break;
    case Evidence::kNone: break;
  }
}

bool GuardedCalls::WaitBefore(int32_t retry, const Error& error) {
  int32_t retries = 0;
  if (error.code() == ErrorCode::kTimeout) retries = options_.timeout_retries;
  if (error.code() == ErrorCode::kUnavailable) retries = options_.unavailable_retries;
  if (!options_.retries_reads || retry > retries || breaker_.state() == CircuitState::kOpen)
    return false;
  return clock_.SleepFor(options_.read_retry.DelayAfter(retry, random_), stop_.get_token());
}

void GuardedCalls::Leave() {
  MutexLock lock(mutex_);
  --in_flight_;
}

void GuardedCalls::Stop() {
  // Under the mutex: an Enter() that saw no stop has counted itself by the time this returns.
  MutexLock lock(mutex_);
  stop_.request_stop();
}

int32_t GuardedCalls::in_flight() const {
  MutexLock lock(mutex_);
  return in_flight_;
}

}  // namespace kafka_iceberg::catalog

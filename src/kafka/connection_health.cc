// SPDX-License-Identifier: Apache-2.0
#include "kafka/connection_health.h"

#include <nlohmann/json.hpp>

namespace kafka_iceberg::kafka {
namespace {

using Json = nlohmann::json;

// Looks at brokers.<name>.{nodeid,state} and stops reading as soon as that object ends, because
// what follows grows with the number of partitions.
class BrokerScan final : public nlohmann::json_sax<Json> {
 public:
  bool any_up() const { return any_up_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t value) override {
    if (InBroker() && key_ == "nodeid") is_real_ = value >= 0;
    return true;
  }
  bool number_unsigned(number_unsigned_t) override {
    if (InBroker() && key_ == "nodeid") is_real_ = true;
    return true;
  }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t& value) override {
    if (InBroker() && key_ == "state") is_up_ = value == "UP";
    return true;
  }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override {
    ++depth_;
    if (depth_ == 2) in_brokers_ = key_ == "brokers";
    if (InBroker()) is_real_ = is_up_ = false;
    return depth_ < kDepthMax;
  }
  bool key(string_t& value) override {
    key_ = value;
    return true;
  }
  bool end_object() override {
    if (InBroker() && is_real_ && is_up_) any_up_ = true;
    --depth_;
    const bool done = in_brokers_ && depth_ == 1;
    return !done && !any_up_;
  }
  bool start_array(size_t) override { return ++depth_ < kDepthMax; }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  static constexpr int kDepthMax = 32;

  bool InBroker() const { return in_brokers_ && depth_ == 3; }

  int depth_ = 0;
  std::string key_;
  bool in_brokers_ = false;
  bool is_real_ = false;
  bool is_up_ = false;
  bool any_up_ = false;
};

}  // namespace

bool AnyBrokerUp(std::string_view statistics_json) {
  BrokerScan scan;
  // False only says that the scan ended early, which is the usual case.
  (void)Json::sax_parse(statistics_json, &scan, Json::input_format_t::json, /*strict=*/false);
  return scan.any_up();
}

void ConnectionHealth::OnError(Error error) {
  const MutexLock lock(mutex_);
  // Refused credentials explain the broken connections that follow them: they are not replaced by
  // those.
  const bool explained =
      trouble_ && trouble_->code() == ErrorCode::kDenied && error.code() == ErrorCode::kUnavailable;
  fresh_ = true;
  if (explained) return;
  trouble_ = std::move(error);
}

void ConnectionHealth::OnBrokerUp() {
  const MutexLock lock(mutex_);
  trouble_.reset();
  ever_up_ = true;
  fresh_ = false;
}

bool ConnectionHealth::OnStatistics(std::string_view json) {
  {
    const MutexLock lock(mutex_);
    if (!trouble_ && ever_up_) return false;
    // One broker of several may be up while another one fails: wait for a quiet interval.
    if (std::exchange(fresh_, false)) return false;
  }
  const bool is_up = AnyBrokerUp(json);
  if (is_up) OnBrokerUp();
  return is_up;
}

void ConnectionHealth::OnRefused(std::string topic, Error error) {
  const MutexLock lock(mutex_);
  refused_ = std::move(error);
  refused_topic_ = std::move(topic);
}

void ConnectionHealth::OnAllowed(std::string_view topic) {
  const MutexLock lock(mutex_);
  if (refused_topic_.empty() || refused_topic_ == topic) refused_.reset();
}

const std::optional<Error>& ConnectionHealth::Current() const {
  return trouble_ ? trouble_ : refused_;
}

std::optional<Error> ConnectionHealth::Due(SteadyTime now) {
  const MutexLock lock(mutex_);
  const auto& current = Current();
  if (!current) return std::nullopt;
  const bool same = told_at_ && told_ == current->code();
  if (same && now - *told_at_ < kTroubleRepeat) return std::nullopt;
  told_ = current->code();
  told_at_ = now;
  return current;
}

std::optional<Error> ConnectionHealth::trouble() const {
  const MutexLock lock(mutex_);
  return Current();
}

}  // namespace kafka_iceberg::kafka

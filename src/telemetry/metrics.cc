// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/mutex.h"
#include "telemetry/metric_names.h"

namespace kafka_iceberg::telemetry {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double amount) override { counter_.Increment(amount); }
  double value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }
  double value() const override { return gauge_.Value(); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

const MetricFamily& Describe(std::string_view name, MetricKind kind) {
  const auto* family = std::ranges::find(kMetricFamilies, name, &MetricFamily::name);
  CHECK(family != std::end(kMetricFamilies) && family->kind == kind);
  return *family;
}

class PrometheusMetrics final : public Metrics {
 public:
  Counter& GetCounter(std::string_view name, const Labels& labels) override {
    return Find(
        counters_, name, labels,
        [&](const MetricFamily& family) {
          auto& registered = prometheus::BuildCounter()
                                 .Name(std::string(family.name))
                                 .Help(std::string(family.help))
                                 .Register(registry_);
          return std::make_unique<PrometheusCounter>(registered.Add(labels));
        },
        MetricKind::kCounter);
  }

  Gauge& GetGauge(std::string_view name, const Labels& labels) override {
    return Find(
        gauges_, name, labels,
        [&](const MetricFamily& family) {
          auto& registered = prometheus::BuildGauge()
                                 .Name(std::string(family.name))
                                 .Help(std::string(family.help))
                                 .Register(registry_);
          return std::make_unique<PrometheusGauge>(registered.Add(labels));
        },
        MetricKind::kGauge);
  }

  Histogram& GetHistogram(std::string_view name, const Labels& labels) override {
    return Find(
        histograms_, name, labels,
        [&](const MetricFamily& family) {
          auto& registered = prometheus::BuildHistogram()
                                 .Name(std::string(family.name))
                                 .Help(std::string(family.help))
                                 .Register(registry_);
          const std::vector<double> buckets(std::begin(kDurationBuckets),
                                            std::end(kDurationBuckets));
          return std::make_unique<PrometheusHistogram>(registered.Add(labels, buckets));
        },
        MetricKind::kHistogram);
  }

  std::string Render() const override {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  using Key = std::pair<std::string, Labels>;

  template <typename Handle, typename Make>
  Handle& Find(std::map<Key, std::unique_ptr<Handle>>& handles, std::string_view name,
               const Labels& labels, Make make, MetricKind kind) {
    MutexLock lock(mutex_);
    auto& handle = handles[Key(name, labels)];
    if (handle == nullptr) handle = make(Describe(name, kind));
    return *handle;
  }

  prometheus::Registry registry_;  // thread-safe by itself
  Mutex mutex_;                    // protects the maps below
  std::map<Key, std::unique_ptr<Counter>> counters_;
  std::map<Key, std::unique_ptr<Gauge>> gauges_;
  std::map<Key, std::unique_ptr<Histogram>> histograms_;
};

}  // namespace

std::unique_ptr<Metrics> MakeMetrics() { return std::make_unique<PrometheusMetrics>(); }

}  // namespace kafka_iceberg::telemetry

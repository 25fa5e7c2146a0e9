// SPDX-License-Identifier: Apache-2.0
//
// The metrics registry. Families are declared once, in metric_names.h; handles are cheap, never
// freed, and safe for concurrent use. Render() gives the Prometheus text format.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace kafka_iceberg::telemetry {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double amount = 1) = 0;
  virtual double value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual double value() const = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

class Metrics {
 public:
  virtual ~Metrics() = default;
  // The same name and labels give the same handle; it lives as long as the registry. Help text and
  // buckets come from metric_names.h; a name that is not declared there is a programming error
  // (CHECK).
  virtual Counter& GetCounter(std::string_view name, const Labels& labels = {}) = 0;
  virtual Gauge& GetGauge(std::string_view name, const Labels& labels = {}) = 0;
  virtual Histogram& GetHistogram(std::string_view name, const Labels& labels = {}) = 0;
  virtual std::string Render() const = 0;
};

std::unique_ptr<Metrics> MakeMetrics();

}  // namespace kafka_iceberg::telemetry

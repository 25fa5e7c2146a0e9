// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "kafka/mock_broker.h"
#include "kafka/produce/record_producer.h"

namespace kafka_iceberg::app {
namespace {

constexpr const char* kTopic = "bench";
constexpr int32_t kDefaultPartitions = 64;
// More than the embedded broker keeps: FillTopic stops at what it does keep.
constexpr int64_t kAsManyAsFit = 1LL << 40;

Status Serve(const Arguments& arguments, Runtime& runtime) {
  const kafka::Profile profile =
      TRY(kafka::ParseProfile(arguments.profile.empty() ? "small" : arguments.profile));
  const int32_t partitions = arguments.partitions > 0 ? arguments.partitions : kDefaultPartitions;
  const std::unique_ptr<kafka::MockBroker> broker = TRY(kafka::MockBroker::Start());
  TRY(broker->CreateTopic(kTopic, partitions));
  kafka::ProduceReport report;
  {
    const auto producer =
        TRY(kafka::RecordProducer::Open({.bootstrap_servers = broker->bootstrap_servers()}));
    const auto encoding = TRY(kafka::ParsePayloadEncoding(arguments.format));
    report = TRY(kafka::FillTopic(*producer,
                                  {.topic = kTopic,
                                   .partitions = partitions,
                                   .count = arguments.rows > 0 ? arguments.rows : kAsManyAsFit,
                                   .generator = {.profile = profile},
                                   .encoding = encoding},
                                  runtime.clock, runtime.stop));
  }
  const nlohmann::json ready = {{"bootstrap_servers", broker->bootstrap_servers()},
                                {"topic", kTopic},
                                {"rows", report.retained >= 0 ? report.retained : report.records},
                                {"value_bytes", report.bytes},
                                {"produced", report.records}};
  std::cout << ready.dump() << "\n" << std::flush;
  // Until whoever started it closes its end of the pipe.
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) > 0 && !runtime.stop.stop_requested()) {
  }
  return {};
}

}  // namespace

int MockBrokerCommand(const Arguments& arguments, Runtime& runtime) {
  const Status status = Serve(arguments, runtime);
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app

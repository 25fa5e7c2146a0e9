// SPDX-License-Identifier: Apache-2.0
//
// Feeds a table for ten seconds and looks at rows before they are committed: embed CONFIG.toml
#include <arrow/table.h>
#include <kafka_iceberg/engine.h>

#include <iostream>
#include <thread>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: embed CONFIG.toml\n";
    return 2;
  }
  auto engine = kafka_iceberg::Engine::Open({.config_file = argv[1]});
  if (!engine.ok()) {
    std::cerr << engine.error().message() << "\n";
    return 1;
  }
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      auto rows = (*engine)->QueryHotBuffer({}, {}, 10);
      if (rows.ok()) std::cout << (*rows)->num_rows() << " of the newest rows are readable now\n";
    }
  });
  const kafka_iceberg::Status status = (*engine)->RunFor(std::chrono::seconds(10));
  reader.request_stop();
  reader.join();
  if (!status.ok()) {
    std::cerr << status.error().message() << "\n";
    return 1;
  }
  const auto table = (*engine)->LoadTable();
  if (table.ok())
    std::cout << table->total_records << " rows in " << table->metadata_location << "\n";
  return 0;
}

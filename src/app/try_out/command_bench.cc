// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/try_out/child_process.h"
#include "app/try_out/try_out.h"
#include "kafka/produce/payload_encoder.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

json Hardware() {
  std::string model = "unknown";
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  const int64_t memory = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  return {{"cpu", model}, {"cores", std::thread::hardware_concurrency()}, {"memory_bytes", memory}};
}

json ToJson(const std::string& profile, const std::string& format, const std::string& broker,
            const RunFigures& figures, double value_bytes_per_row) {
  json catalog = json::object();
  for (const auto& [operation, stats] : figures.catalog) {
    catalog[operation] = {
        {"count", stats.count}, {"mean_ms", stats.mean_ms}, {"over_100_ms", stats.over_100_ms}};
  }
  const auto rows = static_cast<double>(figures.rows);
  return {{"profile", profile},
          {"format", format},
          {"broker", broker},
          {"rows", figures.rows},
          {"seconds", figures.seconds},
          {"rows_per_second", rows / figures.seconds},
          {"value_bytes_per_row", value_bytes_per_row},
          {"cpu_us_per_row", figures.cpu_seconds * 1e6 / rows},
          {"peak_memory_bytes", figures.peak_memory_bytes},
          {"snapshots", figures.snapshots},
          {"data_files", figures.data_files},
          {"data_bytes", figures.data_bytes},
          {"catalog_operations", catalog}};
}

// A folder that is removed at the end, unless the user named one.
class WorkFolder {
 public:
  explicit WorkFolder(const Arguments& arguments, Random& random)
      : keep_(!arguments.directory.empty()),
        path_(keep_ ? std::filesystem::path(arguments.directory)
                    : std::filesystem::temp_directory_path() /
                          ("kafka-iceberg-bench-" + NewUuid(random))) {}
  ~WorkFolder() {
    std::error_code ignored;  // a folder that cannot be removed is only a left-over
    if (!keep_) std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  const bool keep_;
  const std::filesystem::path path_;
};

// The schema of the generated payloads, in a file; without a path for JSON, which needs none.
Result<std::string> WriteSchema(const Arguments& arguments, const std::string& profile,
                                const std::string& directory) {
  const std::string text = kafka::PayloadSchemaText(
      TRY(kafka::ParsePayloadEncoding(arguments.format)), TRY(kafka::ParseProfile(profile)));
  if (text.empty()) return std::string();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::string path = directory + "/bench_" + profile + ".schema";
  std::ofstream file(path, std::ios::binary);
  if (!(file << text).flush()) return Error::Io("cannot write {}", path);
  return path;
}

Result<json> Measure(const Arguments& arguments, const std::string& profile, Runtime& runtime) {
  const auto parsed_profile = TRY(kafka::ParseProfile(profile));
  TryOutRequest request{.bootstrap_servers = arguments.bootstrap_servers,
                        .topic = arguments.topic,
                        .table_name = "bench_" + profile,
                        .columns = kafka::ProfileSchema(parsed_profile),
                        .hot_buffer_mb = arguments.hot_buffer_mb};
  std::unique_ptr<ChildProcess> broker;
  double value_bytes_per_row = 0;
  if (request.bootstrap_servers.empty()) {
    std::vector<std::string> command = {"mock-broker", "--profile", profile, "--format",
                                        arguments.format};
    if (arguments.rows > 0)
      command.insert(command.end(), {"--rows", std::to_string(arguments.rows)});
    if (arguments.partitions > 0)
      command.insert(command.end(), {"--partitions", std::to_string(arguments.partitions)});
    broker = TRY(ChildProcess::Start(command));
    const json ready = json::parse(TRY(broker->ReadLine()), nullptr, false);
    if (!ready.is_object()) return Error::Io("the embedded broker did not start");
    request.bootstrap_servers = ready["bootstrap_servers"].get<std::string>();
    request.topic = ready["topic"].get<std::string>();
    value_bytes_per_row = ready["value_bytes"].get<double>() / ready["produced"].get<double>();
  }
  const WorkFolder folder(arguments, runtime.random);
  request.directory = folder.path();
  request.format = arguments.format;
  request.schema_file = TRY(WriteSchema(arguments, profile, request.directory));
  const RunFigures figures = TRY(RunToEnd(TryOutOptions(request, runtime.random), runtime,
                                          [](const engine::EngineStatus&) {}));
  return ToJson(profile, arguments.format,
                broker == nullptr ? arguments.bootstrap_servers : "embedded, a process of its own",
                figures, value_bytes_per_row);
}

// Each profile in a process of its own, so that its memory and CPU time are its own.
Result<json> MeasureApart(const Arguments& arguments, const std::string& profile) {
  std::vector<std::string> command = {
      "bench",    "--json",         "--profile",       profile,
      "--format", arguments.format, "--hot-buffer-mb", std::to_string(arguments.hot_buffer_mb)};
  if (arguments.rows > 0) command.insert(command.end(), {"--rows", std::to_string(arguments.rows)});
  if (arguments.partitions > 0)
    command.insert(command.end(), {"--partitions", std::to_string(arguments.partitions)});
  if (!arguments.directory.empty())
    command.insert(command.end(), {"--directory", arguments.directory});
  const std::unique_ptr<ChildProcess> child = TRY(ChildProcess::Start(command));
  const json result = json::parse(TRY(child->ReadToEnd()), nullptr, false);
  if (!result.is_object() || !result["runs"].is_array() || result["runs"].empty())
    return Error::Io("the measuring process gave no result");
  return result["runs"][0];
}

void PrintTable(const json& result) {
  const json& hardware = result["hardware"];
  std::cout << fmt::format("{}, {} cores, {}\n\n", hardware["cpu"].get<std::string>(),
                           hardware["cores"].get<int>(),
                           HumanBytes(hardware["memory_bytes"].get<int64_t>()));
  std::vector<std::vector<std::string>> rows;
  for (const json& run : result["runs"]) {
    int64_t operations = 0;
    int64_t slow = 0;
    for (const auto& stats : run["catalog_operations"]) {
      operations += stats["count"].get<int64_t>();
      slow += stats["over_100_ms"].get<int64_t>();
    }
    rows.push_back({run["profile"].get<std::string>(), run["format"].get<std::string>(),
                    HumanCount(run["rows"].get<int64_t>()),
                    fmt::format("{:.1f}", run["seconds"].get<double>()),
                    HumanCount(static_cast<int64_t>(run["rows_per_second"].get<double>())),
                    fmt::format("{:.2f}", run["cpu_us_per_row"].get<double>()),
                    HumanBytes(run["peak_memory_bytes"].get<int64_t>()),
                    std::to_string(run["data_files"].get<int64_t>()),
                    HumanBytes(run["data_bytes"].get<int64_t>()),
                    fmt::format("{} of {}", slow, operations)});
  }
  std::cout << FormatTable({"profile", "format", "rows", "seconds", "rows/s", "CPU us/row",
                            "peak memory", "files", "bytes", "catalog operations over 100 ms"},
                           rows);
}

Result<json> Bench(const Arguments& arguments, Runtime& runtime) {
  json runs = json::array();
  const bool embedded = arguments.bootstrap_servers.empty();
  if (embedded && (arguments.profile.empty() || arguments.profile == "both")) {
    for (const char* profile : {"small", "big"})
      runs.push_back(TRY(MeasureApart(arguments, profile)));
  } else {
    runs.push_back(TRY(Measure(arguments, arguments.profile, runtime)));
  }
  return json{{"hardware", Hardware()}, {"runs", runs}};
}

}  // namespace

int BenchCommand(const Arguments& arguments, Runtime& runtime) {
  const bool real_broker = !arguments.bootstrap_servers.empty();
  if (real_broker != !arguments.topic.empty() ||
      (real_broker && (arguments.profile.empty() || arguments.profile == "both"))) {
    std::cerr << "kafka-iceberg: bench with a broker needs --bootstrap-servers, --topic and "
                 "--profile small or big\n";
    return kExitUsage;
  }
  const Result<json> result = Bench(arguments, runtime);
  if (!result.ok()) return ReportError(result.error());
  if (arguments.json) {
    std::cout << JsonText(*result) << "\n";
  } else {
    PrintTable(*result);
  }
  return kExitOk;
}

}  // namespace kafka_iceberg::app

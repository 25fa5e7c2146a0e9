// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/fake_clock.h"
#include "server/endpoints.h"
#include "server/http_server.h"

namespace kafka_iceberg::server {
namespace {

using engine::EngineState;
using engine::EngineStatus;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Sends raw bytes to the loopback port and returns everything that comes back.
std::string Exchange(uint16_t port, const std::string& request) {
  const int socket_fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      ::send(socket_fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket_fd, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<size_t>(got));
    }
  }
  ::close(socket_fd);
  return answer;
}

std::string Get(uint16_t port, const std::string& path) {
  return Exchange(port,
                  fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path));
}

EngineStatus HealthyStatus() {
  EngineStatus status{.state = EngineState::kRunning, .table = "raw.events"};
  status.partitions.push_back({.partition = {"events", 0},
                               .position = 10,
                               .committed = 10,
                               .high_watermark = 10,
                               .lag = 0});
  return status;
}

TEST(HttpServer, ServesWhatTheHandlerAnswers) {
  auto server = HttpServer::Start("127.0.0.1:0", [](const std::string& path) {
    return HttpResponse{
        .status = path == "/a" ? 200 : 404, .content_type = "text/plain", .body = "path " + path};
  });
  ASSERT_TRUE(server.ok());
  const std::string answer = Get((*server)->port(), "/a?x=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("path /a"));
  EXPECT_THAT(Get((*server)->port(), "/b"), StartsWith("HTTP/1.1 404"));
}

TEST(HttpServer, RefusesOtherMethodsAndGarbage) {
  auto server = HttpServer::Start("127.0.0.1:0", [](const std::string&) { return HttpResponse{}; });
  ASSERT_TRUE(server.ok());
  const uint16_t port = (*server)->port();
  EXPECT_THAT(Exchange(port, "DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
  EXPECT_EQ(Exchange(port, "\x01\x02 garbage\r\n\r\n"), "");
  EXPECT_EQ(Exchange(port, "GET / HTTP/1.1\r\nX: " + std::string(64 << 10, 'a') + "\r\n\r\n"), "");
  EXPECT_THAT(Get(port, "/"), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, SaysWhatIsWrongWithTheAddress) {
  const auto handler = [](const std::string&) { return HttpResponse{}; };
  for (const char* address : {"8088", "localhost:", "localhost:99999", ":80", ""}) {
    EXPECT_EQ(HttpServer::Start(address, handler).error().code(), ErrorCode::kInvalid) << address;
  }
  auto server = HttpServer::Start("127.0.0.1:0", handler);
  ASSERT_TRUE(server.ok());
  auto second = HttpServer::Start(fmt::format("127.0.0.1:{}", (*server)->port()), handler);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kUnavailable);
}

TEST(Readiness, IsGreenWhileRunning) {
  FakeClock clock;
  for (const Check& check :
       ReadinessChecks(HealthyStatus(), clock.Now(), std::chrono::minutes(5))) {
    EXPECT_TRUE(check.ok) << check.name;
  }
}

TEST(Readiness, NamesTheCheckThatFails) {
  FakeClock clock;
  const auto failing = [&](const EngineStatus& status) {
    std::string names;
    for (const Check& check : ReadinessChecks(status, clock.Now(), std::chrono::minutes(5))) {
      if (!check.ok) names += check.name + " ";
    }
    return names;
  };
  EngineStatus status = HealthyStatus();
  status.kafka_trouble = "broker away";
  EXPECT_EQ(failing(status), "kafka ");
  status = HealthyStatus();
  status.catalog_trouble = "503";
  EXPECT_EQ(failing(status), "catalog ");
  status = HealthyStatus();
  status.partitions.clear();
  EXPECT_EQ(failing(status), "assignment ");
  status = HealthyStatus();
  status.state = EngineState::kFailed;
  EXPECT_EQ(failing(status), "engine ");
  status = HealthyStatus();
  status.partitions[0].lag = 5;
  status.last_commit_at = clock.Now() - std::chrono::minutes(6);
  EXPECT_EQ(failing(status), "commit_age ");
}

TEST(Endpoints, AnswerWhileTheEngineIsStillOpening) {
  FakeClock clock;
  auto metrics = telemetry::MakeMetrics();
  const HttpHandler handler =
      MakeEndpoints([](EngineStatus&) -> const EngineStatus* { return nullptr; }, *metrics, clock,
                    std::chrono::minutes(5));
  EXPECT_EQ(handler("/livez").status, 200);
  EXPECT_EQ(handler("/readyz").status, 503);
  EXPECT_EQ(handler("/startupz").status, 503);
  EXPECT_EQ(handler("/api/v1/status").status, 503);
  EXPECT_EQ(handler("/nothing").status, 404);
}

TEST(Endpoints, StatusIsJson) {
  FakeClock clock;
  auto metrics = telemetry::MakeMetrics();
  metrics->GetCounter("kafka_iceberg_records_consumed_total").Add(3);
  const HttpHandler handler = MakeEndpoints(
      [](EngineStatus& buffer) {
        buffer = HealthyStatus();
        return &buffer;
      },
      *metrics, clock, std::chrono::minutes(5));
  const auto status = nlohmann::json::parse(handler("/api/v1/status").body);
  EXPECT_EQ(status["state"], "running");
  EXPECT_EQ(status["table"], "raw.events");
  EXPECT_EQ(status["partitions"][0]["committed"], 10);
  EXPECT_THAT(handler("/metrics").body, HasSubstr("kafka_iceberg_records_consumed_total 3"));
  EXPECT_EQ(handler("/readyz").status, 200);
}

}  // namespace
}  // namespace kafka_iceberg::server

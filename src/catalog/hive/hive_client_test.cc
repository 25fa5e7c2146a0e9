// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/clock.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::catalog {
namespace {

// A server that answers each connection with given bytes, at once or one by one, and then holds
// its peace.
class RawServer {
 public:
  explicit RawServer(std::string answer, bool drips = false)
      : answer_(std::move(answer)), drips_(drips), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, any, size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    EXPECT_EQ(getsockname(listener_, any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { Serve(stop); });
  }
  ~RawServer() {
    thread_.request_stop();
    thread_.join();
    for (const int client : clients_) close(client);
    close(listener_);
  }
  int port() const { return port_; }
  int clients() const { return count_; }

 private:
  void Serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waiting{listener_, POLLIN, 0};
      if (poll(&waiting, 1, 5) > 0) {
        clients_.push_back(accept(listener_, nullptr, nullptr));
        ++count_;
        if (!drips_) (void)send(clients_.back(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
      for (const int client : clients_) {
        if (drips_) (void)send(client, answer_.data(), 1, MSG_NOSIGNAL);
      }
    }
  }

  const std::string answer_;
  const bool drips_;
  const int listener_;
  int port_ = 0;
  std::vector<int> clients_;
  std::atomic<int> count_ = 0;
  std::jthread thread_;
};

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

// The beginning of a reply to the first call of a connection, up to the type of its value.
std::string ReplyTo(const std::string& method) {
  return Bytes({0x80, 1, 0, 2, 0, 0, 0, static_cast<int>(method.size())}) + method +
         Bytes({0, 0, 0, 0});
}

class HiveClientTest : public testing::Test {
 protected:
  HiveClient Client(const RawServer& server, Duration patience) {
    return HiveClient({.addresses = {{"127.0.0.1", server.port()}}, .call_timeout = patience},
                      clock_);
  }

  SystemClock clock_;
};

TEST_F(HiveClientTest, AServerThatHangsEndsTheCall) {
  const RawServer server("");
  auto client = Client(server, std::chrono::milliseconds(50));
  EXPECT_THAT(client.Version(), IsError(ErrorCode::kTimeout));
  EXPECT_THAT(client.DropTable("a", "b"), IsError(ErrorCode::kCommitUnknown));
  EXPECT_EQ(server.clients(), 2);
}

TEST_F(HiveClientTest, AnAnswerThatDripsInEndsTheCall) {
  // Each byte of the string's length is a long time coming, but less than the time-out.
  const RawServer server(Bytes({0x01}), /*drips=*/true);
  auto client = Client(server, std::chrono::milliseconds(100));
  EXPECT_FALSE(client.Version().ok());
}

TEST_F(HiveClientTest, AnAnswerThatIsNotThriftIsNoAnswer) {
  const RawServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  auto client = Client(server, std::chrono::seconds(20));
  EXPECT_FALSE(client.Version().ok());
  EXPECT_THAT(client.DropTable("a", "b"), IsError(ErrorCode::kCommitUnknown));
}

TEST_F(HiveClientTest, AStringThatClaimsToBeHugeIsRefused) {
  const RawServer server(ReplyTo("getVersion") + Bytes({11, 0, 0, 0x7f, 0xff, 0xff, 0xff}));
  auto client = Client(server, std::chrono::seconds(20));
  EXPECT_THAT(client.Version(), IsError(ErrorCode::kUnsupported));
}

TEST_F(HiveClientTest, AListThatClaimsToBeHugeIsRefused) {
  const RawServer server(ReplyTo("get_all_databases") +
                         Bytes({15, 0, 0, 11, 0x7f, 0xff, 0xff, 0xff}));
  auto client = Client(server, std::chrono::seconds(20));
  EXPECT_FALSE(client.Databases().ok());
}

TEST_F(HiveClientTest, ANegativeSizeIsRefused) {
  const RawServer server(ReplyTo("getVersion") + Bytes({11, 0, 0, 0xff, 0xff, 0xff, 0xff}));
  auto client = Client(server, std::chrono::seconds(20));
  EXPECT_FALSE(client.Version().ok());
}

TEST(HiveUris, AreHostsAndPorts) {
  EXPECT_EQ(ParseHiveUris("thrift://a:1, thrift://b,thrift://[::1]:2").value(),
            (std::vector<HiveAddress>{{"a", 1}, {"b", 9083}, {"::1", 2}}));
}

}  // namespace
}  // namespace kafka_iceberg::catalog

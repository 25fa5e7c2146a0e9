// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_session.h"

#include <HiveMetastore.h>
#include <poll.h>
#include <thrift/TConfiguration.h>
#include <thrift/TOutput.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include <algorithm>
#include <charconv>

#include "catalog/hive/hive_error.h"

namespace kafka_iceberg::catalog {

namespace {

using apache::thrift::TConfiguration;
using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::transport::TBufferedTransport;
using apache::thrift::transport::TSocket;

// A batch of tables with large parameters stays well below.
constexpr int kMessageBytesMax = 64 << 20;
constexpr int kStringBytesMax = 16 << 20;
constexpr int kContainerItemsMax = 200'000;
constexpr int kNestingMax = 32;
constexpr size_t kAddressesMax = 16;

int Millis(Duration duration) {
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<int64_t>(millis, 1, INT32_MAX));
}

// Gives each read and write what is left of the time; afterwards it is closed, which they report.
class DeadlineSocket final : public TSocket {
 public:
  DeadlineSocket(const HiveAddress& address, std::shared_ptr<TConfiguration> limits, Clock& clock)
      : TSocket(address.host, address.port, std::move(limits)), clock_(clock) {}

  void EndIn(Duration limit) { end_ = clock_.Steady() + limit; }

  uint32_t read(uint8_t* buffer, uint32_t size) override {
    Prepare();
    return TSocket::read(buffer, size);
  }
  void write(const uint8_t* buffer, uint32_t size) override {
    Prepare();
    TSocket::write(buffer, size);
  }

 private:
  void Prepare() {
    const Duration left = end_ - clock_.Steady();
    if (left <= Duration::zero()) {
      close();
      return;
    }
    setRecvTimeout(Millis(left));
    setSendTimeout(Millis(left));
  }

  Clock& clock_;
  SteadyTime end_{};
};

Result<HiveAddress> ParseOne(std::string_view uri) {
  constexpr std::string_view kScheme = "thrift://";
  if (!uri.starts_with(kScheme)) {
    return Error::Invalid(
        "hive uris: give thrift://host:port, several of them with commas between");
  }
  uri.remove_prefix(kScheme.size());
  if (uri.find_first_of("/@?#") != std::string_view::npos || uri.empty()) {
    return Error::Invalid(
        "hive uris: after thrift:// comes only host:port; user names and encryption are not "
        "served");
  }
  HiveAddress address;
  const size_t bracket = uri.rfind(']');
  const size_t colon = uri.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  std::string_view host = has_port ? uri.substr(0, colon) : uri;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host;
  if (has_port) {
    const std::string_view port = uri.substr(colon + 1);
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || address.port < 1 ||
        address.port > 65535) {
      return Error::Invalid("hive uris: '{}' is no port", port);
    }
  }
  if (address.host.empty()) return Error::Invalid("hive uris: a host is missing");
  return address;
}

// Thrift would print what goes wrong on a socket to the standard error.
void KeepThriftQuiet() {
  static const bool done = [] {
    apache::thrift::GlobalOutput.setOutputFunction([](const char*) {});
    return true;
  }();
  (void)done;
}

}  // namespace

Result<std::vector<HiveAddress>> ParseHiveUris(std::string_view uris) {
  std::vector<HiveAddress> addresses;
  for (;;) {
    const size_t comma = uris.find(',');
    std::string_view part = uris.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    addresses.push_back(TRY(ParseOne(part)));
    if (comma == std::string_view::npos) break;
    uris.remove_prefix(comma + 1);
  }
  if (addresses.size() > kAddressesMax)
    return Error::Invalid("hive uris: more than {} addresses", kAddressesMax);
  return addresses;
}

struct HiveSession::State {
  std::shared_ptr<DeadlineSocket> socket;
  std::unique_ptr<hms::HiveMetastoreClient> client;
};

HiveSession::HiveSession(std::unique_ptr<State> state) : state_(std::move(state)) {}

HiveSession::~HiveSession() {
  try {
    state_->socket->close();
  } catch (const std::exception&) {
    // Nothing is lost with a connection that cannot be closed.
  }
}

Result<std::unique_ptr<HiveSession>> HiveSession::Open(const HiveAddress& address,
                                                       Duration connect_timeout, Clock& clock) {
  KeepThriftQuiet();
  try {
    auto limits = std::make_shared<TConfiguration>(kMessageBytesMax);
    limits->setRecursionLimit(kNestingMax);
    auto state = std::make_unique<State>();
    state->socket = std::make_shared<DeadlineSocket>(address, limits, clock);
    state->socket->setConnTimeout(Millis(connect_timeout));
    state->socket->setKeepAlive(true);
    state->socket->open();
    auto protocol = std::make_shared<TBinaryProtocol>(
        std::make_shared<TBufferedTransport>(state->socket, limits), kStringBytesMax,
        kContainerItemsMax, false, true);
    state->client = std::make_unique<hms::HiveMetastoreClient>(protocol);
    return std::unique_ptr<HiveSession>(new HiveSession(std::move(state)));
  } catch (const std::exception& exception) {
    const HiveFailure failure = JudgeHiveFailure(exception);
    return Error(failure.code, fmt::format("hive metastore {}:{}: cannot connect: {}", address.host,
                                           address.port, failure.message));
  }
}

hms::HiveMetastoreIf& HiveSession::ClientFor(Duration limit) {
  state_->socket->EndIn(limit);
  return *state_->client;
}

bool HiveSession::IsUsable() const {
  pollfd idle{state_->socket->getSocketFD(), POLLIN, 0};
  // An idle connection has nothing to say unless it was closed.
  return idle.fd >= 0 && poll(&idle, 1, 0) == 0;
}

}  // namespace kafka_iceberg::catalog

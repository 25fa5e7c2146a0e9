// SPDX-License-Identifier: Apache-2.0
//
// TLS for FakeHttpServer: an authority that issues good and bad certificates, and channels that
// encrypt. Tests only. Values, safe to share once made.
#pragma once

#include <memory>
#include <string>

#include "net/fake_http_server.h"

namespace kafka_iceberg::net {

struct FakeCertificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

struct FakeCertificateOptions {
  std::string address = "127.0.0.1";  // what it is for
  bool is_expired = false;
};

class FakeAuthority {
 public:
  explicit FakeAuthority(const std::string& name);
  ~FakeAuthority();

  std::string certificate() const;  // PEM
  FakeCertificate Issue(const FakeCertificateOptions& options = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

FakeCertificate SelfSigned(const FakeCertificateOptions& options = {});
// The key of `certificate`, encrypted with a password.
std::string EncryptKey(const FakeCertificate& certificate);

enum class FakeTlsVersion : uint8_t { k1_1, k1_2, k1_3 };

struct FakeTlsOptions {
  FakeCertificate certificate;
  // PEM; when given, clients must show a certificate of this authority.
  std::string client_authority = {};
  FakeTlsVersion version_max = FakeTlsVersion::k1_3;
};

// Connections end without TLS's own good-bye, as when a cable is cut.
FakeChannelFactory MakeTlsChannels(const FakeTlsOptions& options);

}  // namespace kafka_iceberg::net

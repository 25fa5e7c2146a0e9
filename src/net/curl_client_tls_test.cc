// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>

#include "core/check.h"
#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "net/curl_client.h"
#include "net/fake_tls.h"

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

FakeAnswer Ok(const FakeRequest& /*request*/) { return {.body = "hello"}; }

class CurlClientTls : public testing::Test {
 protected:
  CurlClientTls() { options_.ca_file = Write("ca.pem", authority_.certificate()); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string file = folder_.path() + "/" + name;
    std::ofstream(file) << text;
    return file;
  }

  void ShowCertificate(const FakeCertificate& certificate) {
    options_.client_cert_file = Write("client.pem", certificate.certificate);
    options_.client_key_file = Write("client.key", certificate.key);
  }

  std::unique_ptr<HttpClient> Make() {
    auto client = MakeCurlClient(options_, clock_);
    CHECK(client.ok());
    return std::move(client).value();
  }

  static std::string Url(const FakeHttpServer& server) {
    return fmt::format("https://127.0.0.1:{}/", server.port());
  }

  // A POST, whose outcome matters.
  Result<HttpResponse> Post(const FakeHttpServer& server) {
    return Make()->Send({.method = "POST", .url = Url(server), .body = "x"});
  }

  SystemClock clock_;
  FakeAuthority authority_{"ours"};
  FakeAuthority stranger_{"stranger"};
  const FakeTemporaryFolder folder_;
  HttpClientOptions options_;
};

TEST_F(CurlClientTls, TrustsTheGivenAuthority) {
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = authority_.Issue()}));
  const auto response = Post(server);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "hello");
}

TEST_F(CurlClientTls, KeepsConnectionsAlive) {
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = authority_.Issue()}));
  const auto client = Make();
  for (int i = 0; i < 3; ++i)
    ASSERT_THAT(client->Send({.method = "POST", .url = Url(server)}), IsOk());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientTls, DoesNotSendAgainOnADeadConnection) {
  FakeHttpServer server(
      [](const FakeRequest& request) {
        return request.method == "GET" ? FakeAnswer{} : FakeAnswer::None();
      },
      MakeTlsChannels({.certificate = authority_.Issue()}));
  const auto client = Make();
  ASSERT_THAT(client->Send({.url = Url(server)}), IsOk());
  EXPECT_THAT(client->Send({.method = "POST", .url = Url(server), .body = "x"}),
              IsError(ErrorCode::kTimeout));
  EXPECT_EQ(server.requests(), 2);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientTls, DeniesAnUnknownAuthority) {
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = stranger_.Issue()}));
  const auto response = Post(server);
  EXPECT_THAT(response, IsError(ErrorCode::kDenied));
  EXPECT_THAT(response.error().message(), HasSubstr(std::to_string(server.port())));
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(CurlClientTls, SendsNothingWhenAnotherAuthorityTakesTheNameOfOurs) {
  const FakeAuthority impostor("ours");
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = impostor.Issue()}));
  EXPECT_FALSE(Post(server).ok());
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(CurlClientTls, DoesNotTrustThisAuthorityUnlessTold) {
  options_.ca_file = "";
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = authority_.Issue()}));
  EXPECT_THAT(Post(server), IsError(ErrorCode::kDenied));
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(CurlClientTls, DeniesASelfSignedCertificate) {
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = SelfSigned()}));
  EXPECT_THAT(Post(server), IsError(ErrorCode::kDenied));
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(CurlClientTls, DeniesAnExpiredCertificate) {
  FakeHttpServer server(Ok,
                        MakeTlsChannels({.certificate = authority_.Issue({.is_expired = true})}));
  EXPECT_THAT(Post(server), IsError(ErrorCode::kDenied));
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(CurlClientTls, DeniesACertificateForAnotherHost) {
  FakeHttpServer server(
      Ok, MakeTlsChannels({.certificate = authority_.Issue({.address = "127.0.0.2"})}));
  EXPECT_THAT(Post(server), IsError(ErrorCode::kDenied));
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(CurlClientTls, ShowsItsOwnCertificate) {
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = authority_.Issue(),
                                             .client_authority = authority_.certificate()}));
  ShowCertificate(authority_.Issue());
  EXPECT_THAT(Post(server), IsOk());
}

TEST_F(CurlClientTls, TakesTheKeyFromTheCertificatesFile) {
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = authority_.Issue(),
                                             .client_authority = authority_.certificate()}));
  const FakeCertificate certificate = authority_.Issue();
  options_.client_cert_file = Write("both.pem", certificate.certificate + certificate.key);
  EXPECT_THAT(Post(server), IsOk());
}

TEST_F(CurlClientTls, SaysDeniedWhenItsCertificateIsMissing) {
  FakeHttpServer server(Ok, MakeTlsChannels({.certificate = authority_.Issue(),
                                             .client_authority = authority_.certificate()}));
  const auto response = Post(server);
  EXPECT_THAT(response, IsError(ErrorCode::kDenied));
  EXPECT_THAT(response.error().message(), HasSubstr("client certificate"));
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(CurlClientTls, SaysDeniedWhenItsCertificateIsRefused) {
  for (const FakeTlsVersion version : {FakeTlsVersion::k1_2, FakeTlsVersion::k1_3}) {
    FakeHttpServer server(Ok, MakeTlsChannels({.certificate = authority_.Issue(),
                                               .client_authority = authority_.certificate(),
                                               .version_max = version}));
    ShowCertificate(stranger_.Issue());
    EXPECT_THAT(Post(server), IsError(ErrorCode::kDenied));
    EXPECT_EQ(server.requests(), 0);
  }
}

TEST_F(CurlClientTls, SpeaksTls12AndNothingOlder) {
  FakeHttpServer newer(Ok, MakeTlsChannels({.certificate = authority_.Issue(),
                                            .version_max = FakeTlsVersion::k1_2}));
  EXPECT_THAT(Post(newer), IsOk());
  FakeHttpServer older(Ok, MakeTlsChannels({.certificate = authority_.Issue(),
                                            .version_max = FakeTlsVersion::k1_1}));
  EXPECT_THAT(Post(older), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(older.requests(), 0);
}

TEST_F(CurlClientTls, SaysUnavailableWhenTheHandshakeIsCut) {
  FakeHttpServer server(Ok, [](int) { return nullptr; });
  EXPECT_THAT(Post(server), IsError(ErrorCode::kUnavailable));
}

TEST_F(CurlClientTls, SaysUnavailableWhenTheHandshakeStalls) {
  FakeHttpServer server(Ok);  // waits for the end of a request that never comes
  options_.connect_timeout = 200ms;
  EXPECT_THAT(Post(server), IsError(ErrorCode::kUnavailable));
}

TEST_F(CurlClientTls, DoesNotFollowARedirectToPlainHttp) {
  FakeHttpServer plain(Ok);
  FakeHttpServer server(
      [&](const FakeRequest&) {
        return FakeAnswer{.status = 302, .headers = {{"Location", plain.url()}}};
      },
      MakeTlsChannels({.certificate = authority_.Issue()}));
  const auto response = Make()->Send({.url = Url(server), .redirects_max = 3});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(plain.connections(), 0);
}

TEST_F(CurlClientTls, RefusesFilesThatCannotBeRead) {
  options_.ca_file = folder_.path() + "/missing.pem";
  const auto client = MakeCurlClient(options_, clock_);
  EXPECT_THAT(client, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(client.error().message(), HasSubstr("missing.pem"));
}

TEST_F(CurlClientTls, RefusesFilesThatHoldSomethingElse) {
  options_.ca_file = Write("empty.pem", "nothing");
  EXPECT_THAT(MakeCurlClient(options_, clock_), IsError(ErrorCode::kInvalid));
}

TEST_F(CurlClientTls, RefusesAKeyOfAnotherCertificate) {
  ShowCertificate({authority_.Issue().certificate, authority_.Issue().key});
  EXPECT_THAT(MakeCurlClient(options_, clock_), IsError(ErrorCode::kInvalid));
}

TEST_F(CurlClientTls, RefusesAnEncryptedKeyInsteadOfAskingForThePassword) {
  const FakeCertificate certificate = authority_.Issue();
  ShowCertificate({certificate.certificate, EncryptKey(certificate)});
  const auto client = MakeCurlClient(options_, clock_);
  EXPECT_THAT(client, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(client.error().message(), HasSubstr("encrypted"));
}

TEST_F(CurlClientTls, RefusesAKeyWithoutACertificate) {
  options_.client_key_file = Write("client.key", authority_.Issue().key);
  EXPECT_THAT(MakeCurlClient(options_, clock_), IsError(ErrorCode::kInvalid));
}

}  // namespace
}  // namespace kafka_iceberg::net

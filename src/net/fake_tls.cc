// SPDX-License-Identifier: Apache-2.0
#include "net/fake_tls.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <csignal>

#include "core/check.h"

namespace kafka_iceberg::net {

namespace {

constexpr long kHour = 3600;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using BioPointer = std::unique_ptr<BIO, Free>;
using CertificatePointer = std::unique_ptr<X509, Free>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Free>;

std::string TextOf(const BioPointer& bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string PemOf(X509* certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return TextOf(bio);
}

std::string PemOf(EVP_PKEY* key, const char* password = nullptr) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key,
                                      password == nullptr ? nullptr : EVP_aes_256_cbc(), nullptr, 0,
                                      nullptr, const_cast<char*>(password)) == 1);
  return TextOf(bio);
}

CertificatePointer CertificateFrom(const std::string& pem) {
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return CertificatePointer(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

KeyPointer KeyFrom(const std::string& pem) {
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return KeyPointer(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Without its issuer's name and signature.
CertificatePointer Draft(EVP_PKEY* key, const std::string& name, bool is_expired) {
  static std::atomic<long> serial = 1;
  CertificatePointer certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -48 * kHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), (is_expired ? -24 : 24) * kHour);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

void Sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  CHECK(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
  CHECK(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
}

class TlsChannel final : public FakeChannel {
 public:
  explicit TlsChannel(SSL* session) : session_(session) {}

  int64_t Read(char* buffer, size_t size) override {
    return SSL_read(session_.get(), buffer, static_cast<int>(size));
  }
  bool Write(std::string_view bytes) override {
    return SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }

 private:
  std::unique_ptr<SSL, Free> session_;
};

// Lets the other side read why it was refused: closing with unread bytes would reset instead.
void Drain(int socket) {
  ::shutdown(socket, SHUT_WR);
  std::array<char, 4096> buffer;
  while (::recv(socket, buffer.data(), buffer.size(), 0) > 0) {
  }
}

int ProtocolOf(FakeTlsVersion version) {
  switch (version) {
    case FakeTlsVersion::k1_1: return TLS1_1_VERSION;
    case FakeTlsVersion::k1_2: return TLS1_2_VERSION;
    case FakeTlsVersion::k1_3: break;
  }
  return TLS1_3_VERSION;
}

std::shared_ptr<SSL_CTX> MakeContext(const FakeTlsOptions& options) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);  // old versions are to be refused by the client
  SSL_CTX_set_max_proto_version(context.get(), ProtocolOf(options.version_max));
  CHECK(SSL_CTX_use_certificate(context.get(),
                                CertificateFrom(options.certificate.certificate).get()) == 1);
  CHECK(SSL_CTX_use_PrivateKey(context.get(), KeyFrom(options.certificate.key).get()) == 1);
  if (options.client_authority.empty()) return context;
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()),
                      CertificateFrom(options.client_authority).get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

}  // namespace

struct FakeAuthority::State {
  KeyPointer key;
  CertificatePointer certificate;
};

FakeAuthority::FakeAuthority(const std::string& name) : state_(std::make_unique<State>()) {
  state_->key.reset(EVP_EC_gen("P-256"));
  state_->certificate = Draft(state_->key.get(), name, false);
  AddExtension(state_->certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  Sign(state_->certificate.get(), state_->certificate.get(), state_->key.get());
}
FakeAuthority::~FakeAuthority() = default;

std::string FakeAuthority::certificate() const { return PemOf(state_->certificate.get()); }

FakeCertificate FakeAuthority::Issue(const FakeCertificateOptions& options) const {
  const KeyPointer key(EVP_EC_gen("P-256"));
  const CertificatePointer certificate = Draft(key.get(), "fake server", options.is_expired);
  AddExtension(certificate.get(), NID_subject_alt_name, "IP:" + options.address);
  Sign(certificate.get(), state_->certificate.get(), state_->key.get());
  return {PemOf(certificate.get()), PemOf(key.get())};
}

FakeCertificate SelfSigned(const FakeCertificateOptions& options) {
  const KeyPointer key(EVP_EC_gen("P-256"));
  const CertificatePointer certificate = Draft(key.get(), "fake server", options.is_expired);
  AddExtension(certificate.get(), NID_subject_alt_name, "IP:" + options.address);
  Sign(certificate.get(), certificate.get(), key.get());
  return {PemOf(certificate.get()), PemOf(key.get())};
}

std::string EncryptKey(const FakeCertificate& certificate) {
  return PemOf(KeyFrom(certificate.key).get(), "password");
}

FakeChannelFactory MakeTlsChannels(const FakeTlsOptions& options) {
  // OpenSSL writes to sockets in a way that raises it.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  return [context = MakeContext(options)](int socket) -> std::unique_ptr<FakeChannel> {
    SSL* session = SSL_new(context.get());
    auto channel = std::make_unique<TlsChannel>(session);
    SSL_set_fd(session, socket);
    if (SSL_accept(session) == 1) return channel;
    Drain(socket);
    return nullptr;
  };
}

}  // namespace kafka_iceberg::net

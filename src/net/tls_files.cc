// SPDX-License-Identifier: Apache-2.0
#include "net/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace kafka_iceberg::net {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPointer = std::unique_ptr<BIO, Free>;
using CertificatePointer = std::unique_ptr<X509, Free>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Free>;

Result<BioPointer> OpenPem(std::string_view what, const std::string& file) {
  errno = 0;
  BioPointer bio(BIO_new_file(file.c_str(), "r"));
  const int error_number = errno;
  ERR_clear_error();
  if (bio == nullptr)
    return Error::Invalid("cannot read {} {}: {}", what, file,
                          std::generic_category().message(error_number));
  return bio;
}

Result<CertificatePointer> ReadCertificate(std::string_view what, const std::string& file) {
  const BioPointer bio = TRY(OpenPem(what, file));
  CertificatePointer certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr)
    return Error::Invalid("{} {} holds no certificate in PEM form", what, file);
  return certificate;
}

// Without it OpenSSL would ask for the password on the terminal.
int RefusePassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

Result<KeyPointer> ReadKey(const std::string& file) {
  const BioPointer bio = TRY(OpenPem("client key", file));
  bool was_asked = false;
  KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, RefusePassword, &was_asked));
  ERR_clear_error();
  if (was_asked)
    return Error::Invalid("client key {} is encrypted: give one without a password", file);
  if (key == nullptr) return Error::Invalid("client key {} holds no key in PEM form", file);
  return key;
}

}  // namespace

Status CheckTlsFiles(const std::string& ca_file, const std::string& cert_file,
                     const std::string& key_file) {
  if (!ca_file.empty()) TRY(ReadCertificate("ca file", ca_file));
  if (cert_file.empty()) {
    if (!key_file.empty())
      return Error::Invalid("client key {} is given without a client certificate", key_file);
    return {};
  }
  const CertificatePointer certificate = TRY(ReadCertificate("client certificate", cert_file));
  const std::string& holder = key_file.empty() ? cert_file : key_file;
  const KeyPointer key = TRY(ReadKey(holder));
  const bool is_pair = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!is_pair)
    return Error::Invalid("client key {} does not belong to certificate {}", holder, cert_file);
  return {};
}

std::string FindSystemCaFile(const std::string& preferred) {
  for (const std::string& file :
       {preferred, std::string("/etc/ssl/certs/ca-certificates.crt"),
        std::string("/etc/pki/tls/certs/ca-bundle.crt"), std::string("/etc/ssl/ca-bundle.pem"),
        std::string("/etc/ssl/cert.pem")}) {
    if (!file.empty() && ::access(file.c_str(), R_OK) == 0) return file;
  }
  return "";
}

}  // namespace kafka_iceberg::net

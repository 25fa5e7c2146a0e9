// SPDX-License-Identifier: Apache-2.0
//
// The PEM files of TLS, looked at once at start so that a wrong one is a clear error then, and not
// a failed handshake later.
#pragma once

#include <string>

#include "core/result.h"

namespace kafka_iceberg::net {

// kInvalid: a file that cannot be read or holds no certificate, a key that is encrypted or belongs
// to another certificate. Empty names are not looked at; an empty `key_file` means that the key is
// in `cert_file`.
Status CheckTlsFiles(const std::string& ca_file, const std::string& cert_file,
                     const std::string& key_file);

// `preferred` if it can be read, otherwise where the common distributions keep the certificates of
// the public authorities; empty when there is none.
std::string FindSystemCaFile(const std::string& preferred);

}  // namespace kafka_iceberg::net

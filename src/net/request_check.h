// SPDX-License-Identifier: Apache-2.0
//
// What a request must be like before anything is sent: a real method, headers that cannot smuggle
// a second request. Pure.
#pragma once

#include "core/result.h"
#include "net/http_client.h"

namespace kafka_iceberg::net {

// kInvalid, with a message that quotes neither header nor URL. The URL is SplitUrl's business.
Status CheckRequest(const HttpRequest& request);

}  // namespace kafka_iceberg::net

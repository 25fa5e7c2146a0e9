// SPDX-License-Identifier: Apache-2.0
//
// The token that Amazon MSK takes for a login with IAM: a presigned request
// "kafka-cluster:Connect", base64url. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "net/aws_credentials.h"

namespace kafka_iceberg::net {

// The broker accepts a token for this long.
inline constexpr Duration kMskTokenLifetime = std::chrono::seconds(900);

Result<std::string> MskToken(std::string_view region, const AwsCredentials& credentials,
                             Timestamp now);

// The region in a broker's name ("b-1.x.c2.kafka.eu-west-1.amazonaws.com:9098,..."); "" when the
// name holds none.
std::string MskRegion(std::string_view bootstrap_servers);

}  // namespace kafka_iceberg::net

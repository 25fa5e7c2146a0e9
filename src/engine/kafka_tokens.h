// SPDX-License-Identifier: Apache-2.0
//
// The tokens of a Kafka login by OAUTHBEARER: from an OAuth2 server (client credentials), or signed
// by ourselves for Amazon MSK. Both over the configuration's own HTTP settings. What is made here
// is safe for concurrent use.
#pragma once

#include <memory>

#include "config/options.h"
#include "core/clock.h"
#include "core/result.h"
#include "kafka/access/sasl_tokens.h"
#include "kafka/kafka_source_options.h"

namespace kafka_iceberg::engine {

// Null when the configured login needs no tokens. `clock` outlives it.
Result<std::shared_ptr<kafka::SaslTokenSource>> OpenKafkaTokens(const config::Options& options,
                                                                Clock& clock);

// SourceOptions() with these tokens: what every client of the configured brokers is made from.
Result<kafka::KafkaSourceOptions> SecuredSourceOptions(const config::Options& options,
                                                       Clock& clock);

}  // namespace kafka_iceberg::engine

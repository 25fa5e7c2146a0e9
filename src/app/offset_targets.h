// SPDX-License-Identifier: Apache-2.0
//
// What the `offsets` and `backfill` commands share: what they look at, and offsets as people write
// them on the command line (--to, --from) as numbers per partition.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/result.h"
#include "engine/engine.h"
#include "engine/offsets/offset_reset.h"
#include "kafka/access/group_admin.h"
#include "kafka/topic_reader.h"

namespace kafka_iceberg::app {

struct OffsetConnections {
  engine::OpenedCatalog catalog;
  std::unique_ptr<kafka::TopicReader> reader;
  std::unique_ptr<kafka::GroupAdmin> admin;
};
Result<OffsetConnections> ConnectForOffsets(const config::Options& options,
                                            const engine::EngineContext& context);

struct SurveyedTable {
  config::Options options;  // as if it were the only table
  std::unique_ptr<catalog::TableOperations> table;
  engine::OffsetSurvey survey;
};
// kNotFound: there is no such table yet.
Result<SurveyedTable> SurveyTable(const OffsetConnections& connections,
                                  const config::Options& options);

struct OffsetTarget {
  int64_t offset = 0;
  bool is_explicit = false;  // topic:partition:offset
};

// earliest, latest, ledger (where the table's stands, where it has one), a time, or
// topic:partition:offset (several). kInvalid names `option` and the text.
Result<std::map<TopicPartition, OffsetTarget>> ParseTargets(const std::string& option,
                                                            const std::vector<std::string>& texts,
                                                            const engine::OffsetSurvey& survey,
                                                            kafka::GroupAdmin& admin);

}  // namespace kafka_iceberg::app

// SPDX-License-Identifier: Apache-2.0
//
// Adoption: at start, flush epochs that an earlier run uploaded and did not (or not knowingly)
// commit are offered to the coordinator again, with the same snapshot id, instead of being read
// from Kafka once more. The ledger decides: what is already in the table, or belongs to somebody
// else by now, is left alone.
#pragma once

#include <stop_token>

#include "catalog/catalog.h"
#include "commit/transaction_coordinator.h"
#include "commit/transaction_log.h"
#include "core/result.h"
#include "engine/engine.h"

namespace kafka_iceberg::engine {

// An error only when going on would be unsafe or pointless (the catalog is away, a commit is
// undecided); a leftover that cannot be used is reported and dropped from the log, its records are
// read again.
Status AdoptLeftovers(commit::TransactionCoordinator& coordinator, commit::TransactionLog& log,
                      catalog::TableOperations& table, const EngineContext& context,
                      const std::stop_token& stop);

}  // namespace kafka_iceberg::engine

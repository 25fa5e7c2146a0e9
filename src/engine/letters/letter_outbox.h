// SPDX-License-Identifier: Apache-2.0
//
// The store of dead letters that live in another table or topic. Two places cannot change in one
// step, so the table with the rows decides alone: letters are written to a file first (Stage), the
// commit that covers their offsets names the file (letters_property.h), and whoever commits next,
// this process or another, delivers what is named before it commits (Settle). What an epoch that
// never committed had written is named by nobody, and nobody delivers it.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "decode/dead_letter.h"
#include "engine/letters/letter_parcel.h"
#include "telemetry/logger.h"

namespace kafka_iceberg::engine {

// `table`, with the rows, and `logger` outlive the store.
std::unique_ptr<decode::DeadLetterStore> OpenLetterOutbox(catalog::TableOperations& table,
                                                          std::unique_ptr<LetterSink> sink,
                                                          telemetry::Logger& logger);

// Delivers everything that the table's metadata names; for commands.
Status DeliverPending(catalog::TableOperations& table, LetterSink& sink);

}  // namespace kafka_iceberg::engine

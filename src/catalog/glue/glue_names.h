// SPDX-License-Identifier: Apache-2.0
//
// Which names Glue takes. Pure functions; kUnsupported for nested namespaces, kInvalid for anything
// else.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

// A name that exists may have been given by another program, so it need only be one level and in
// lower case (Glue would fold it, and then it would not be the name that was asked for).
Status CheckGlueNamespace(const Namespace& name);
Status CheckGlueIdentifier(const TableIdentifier& identifier);
// A new name is one that Athena and Spark can write without quotes.
Status CheckNewGlueName(std::string_view name, std::string_view what);

}  // namespace kafka_iceberg::catalog

// SPDX-License-Identifier: Apache-2.0
//
// Which names may become folders: the rules for namespaces and tables wherever a name is part of a
// location. Pure functions; kInvalid names the level and the reason.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

// At least one level, at most 16; no level is empty, hidden, "..", longer than 200 bytes, or
// contains a separator, a control character, or a character that ends a path in a URI.
Status ValidateNamespace(const Namespace& name);
Status ValidateIdentifier(const TableIdentifier& identifier);

// "raw/web/events" under `warehouse`.
std::string NamespaceLocation(std::string_view warehouse, const Namespace& name);
std::string TableLocation(std::string_view warehouse, const TableIdentifier& identifier);

}  // namespace kafka_iceberg::catalog

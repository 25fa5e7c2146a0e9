// SPDX-License-Identifier: Apache-2.0
//
// Small helpers around net/xml_tags.h for the bodies S3 reads and writes. Pure. Internal to
// storage/s3.
#pragma once

#include <string>
#include <string_view>

#include "net/xml_tags.h"

namespace kafka_iceberg::storage {

// The text of the first child of this name; empty when there is none.
std::string_view ChildText(const net::XmlElement& element, std::string_view name);

// `text` with the five reserved characters replaced.
std::string XmlEscape(std::string_view text);

}  // namespace kafka_iceberg::storage

// SPDX-License-Identifier: Apache-2.0
//
// A strict reader of the small XML documents that AWS's services answer with: elements and text,
// no document types, no entities beyond the five predefined ones and characters by number. Limits
// on size, depth and count keep a hostile document harmless. Pure values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::net {

struct XmlElement {
  std::string name;  // without its namespace prefix
  std::string text;  // all text directly inside
  std::vector<XmlElement> children;

  // The first child of this name; null when there is none.
  const XmlElement* Child(std::string_view child_name) const;
  // The first element along these names, from a child of this one on; null when there is none.
  const XmlElement* Find(std::initializer_list<std::string_view> path) const;
};

// The root element. kCorrupt when it is not well-formed, or beyond a limit (8 MiB, 200 000
// elements, 32 levels). The message never quotes the document.
Result<XmlElement> ParseXml(std::string_view document);

}  // namespace kafka_iceberg::net

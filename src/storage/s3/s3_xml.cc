// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_xml.h"

namespace kafka_iceberg::storage {

std::string_view ChildText(const net::XmlElement& element, std::string_view name) {
  const net::XmlElement* const child = element.Child(name);
  return child == nullptr ? std::string_view() : std::string_view(child->text);
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

}  // namespace kafka_iceberg::storage

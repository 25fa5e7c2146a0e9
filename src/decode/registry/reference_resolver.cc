// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/reference_resolver.h"

#include <algorithm>
#include <map>
#include <utility>

#include "net/http_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr size_t kShownBytesMax = 200;

class Resolver {
 public:
  Resolver(const RegistrySchema& root, const FetchReference& fetch) : fetch_(fetch) {
    resolved_.format = root.format;
    resolved_.text = root.text;
    bytes_ = root.text.size();
  }

  // Depth first: what a schema refers to is complete before the schema itself is appended. The
  // recursion ends at kReferenceDepthMax.
  Status Visit(const RegistrySchema& schema) {
    for (const RegistryReference& reference : schema.references) {
      const Status status = VisitReference(reference);
      if (!status.ok()) return status;
    }
    return {};
  }

  PayloadSchema Take() { return std::move(resolved_); }

 private:
  using Version = std::pair<std::string, int64_t>;  // of a subject

  static Error Named(const RegistryReference& reference, const Error& error) {
    return error.WithContext(fmt::format(
        "reference {} (subject {}, version {})", net::Printable(reference.name, kShownBytesMax),
        net::Printable(reference.subject, kShownBytesMax), reference.version));
  }

  Status VisitReference(const RegistryReference& reference) {
    const Version version{reference.subject, reference.version};
    if (std::ranges::find(path_, version) != path_.end())
      return Named(reference, Error::Corrupt("refers to itself in a circle"));
    const auto known = texts_.find(version);
    if (known != texts_.end()) return Append(reference, known->second);
    if (path_.size() >= kReferenceDepthMax)
      return Named(reference, Error::Unsupported("references are nested more than {} deep",
                                                 kReferenceDepthMax));
    if (texts_.size() + path_.size() >= kRegistryReferencesMax)
      return Named(reference,
                   Error::Unsupported("more than {} references in all", kRegistryReferencesMax));
    const auto schema = fetch_(reference);
    if (!schema.ok()) return Named(reference, schema.error());
    if ((*schema)->format != resolved_.format)
      return Named(reference, Error::Corrupt("is of another type than the schema that uses it"));
    path_.push_back(version);
    TRY(Visit(**schema));
    path_.pop_back();
    texts_.emplace(version, (*schema)->text);
    return Append(reference, (*schema)->text);
  }

  // The same schema may be reached on many ways, under one name or several.
  Status Append(const RegistryReference& reference, const std::string& text) {
    const auto same =
        std::ranges::find(resolved_.references, reference.name, &SchemaReference::name);
    if (same != resolved_.references.end()) {
      if (same->text == text) return {};
      return Named(reference, Error::Unsupported("two different schemas have this name"));
    }
    if (resolved_.references.size() >= kRegistryReferencesMax)
      return Named(reference,
                   Error::Unsupported("more than {} references in all", kRegistryReferencesMax));
    bytes_ += text.size();
    if (bytes_ > kResolvedBytesMax)
      return Named(reference, Error::Unsupported("the schema and its references are larger than {} "
                                                 "bytes",
                                                 kResolvedBytesMax));
    resolved_.references.push_back({reference.name, text});
    return {};
  }

  const FetchReference& fetch_;
  PayloadSchema resolved_;
  size_t bytes_ = 0;
  std::vector<Version> path_;
  std::map<Version, std::string> texts_;
};

}  // namespace

Result<PayloadSchema> ResolveReferences(const RegistrySchema& schema, const FetchReference& fetch) {
  Resolver resolver(schema, fetch);
  TRY(resolver.Visit(schema));
  return resolver.Take();
}

}  // namespace kafka_iceberg::decode

// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_listing.h"

#include <algorithm>
#include <charconv>

#include "net/time_text.h"
#include "storage/s3/s3_batch_delete.h"
#include "storage/s3/s3_xml.h"

namespace kafka_iceberg::storage {

namespace {

constexpr int kPagesMax = 1'000'000;  // of up to 1000 objects
constexpr int64_t kPageBytesMax = 8 << 20;
constexpr size_t kFoldersMax = 10'000;

// encoding-type=url writes a space as '+'.
Result<std::string> DecodeKey(std::string_view text, bool is_encoded) {
  if (!is_encoded) return std::string(text);
  std::string with_spaces(text);
  std::replace(with_spaces.begin(), with_spaces.end(), '+', ' ');
  auto decoded = net::PercentDecode(with_spaces);
  if (!decoded.ok()) return Error::Corrupt("a key that is not url-encoded");
  return decoded;
}

Result<std::string> ReadKey(const net::XmlElement& element, std::string_view name,
                            std::string_view prefix, bool is_encoded) {
  std::string key = TRY(DecodeKey(ChildText(element, name), is_encoded));
  if (!key.starts_with(prefix)) return Error::Corrupt("a key that was not asked for");
  return key;
}

Result<S3ListedObject> ReadObject(const net::XmlElement& element, std::string_view prefix,
                                  bool is_encoded) {
  S3ListedObject object;
  object.key = TRY(ReadKey(element, "Key", prefix, is_encoded));
  if (object.key.empty()) return Error::Corrupt("an object without a key");
  const std::string_view size = ChildText(element, "Size");
  const auto [end, error] =
      std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
  if (error != std::errc() || end != size.data() + size.size() || object.size_bytes < 0) {
    return Error::Corrupt("an object without a size");
  }
  // Never made up: what looks old may be cleaned away.
  const auto modified_at = net::ParseRfc3339(ChildText(element, "LastModified"));
  if (!modified_at) return Error::Corrupt("an object without a time");
  object.modified_at = *modified_at;
  return object;
}

S3Request PageRequest(const S3Address& bucket, const std::string& prefix, bool folders_only,
                      const std::string& token) {
  S3Request request(kListObjects, "GET", {bucket.scheme, bucket.bucket, ""});
  request.query = {{"list-type", "2"}, {"encoding-type", "url"}};
  if (folders_only) request.query.push_back({"delimiter", "/"});
  if (!prefix.empty()) request.query.push_back({"prefix", prefix});
  if (!token.empty()) request.query.push_back({"continuation-token", token});
  request.response_bytes_max = kPageBytesMax;
  return request;
}

}  // namespace

Result<S3ListPage> ParseListPage(std::string_view body, std::string_view prefix) {
  const net::XmlElement document = TRY(net::ParseXml(body));
  if (document.name != "ListBucketResult") {
    return Error::Corrupt("the answer is not a list of objects");
  }
  const bool is_encoded = ChildText(document, "EncodingType") == "url";
  S3ListPage page;
  for (const net::XmlElement& element : document.children) {
    if (element.name == "Contents") {
      page.objects.push_back(TRY(ReadObject(element, prefix, is_encoded)));
    } else if (element.name == "CommonPrefixes") {
      page.folders.push_back(TRY(ReadKey(element, "Prefix", prefix, is_encoded)));
    }
  }
  if (ChildText(document, "IsTruncated") == "true") {
    page.next_token = ChildText(document, "NextContinuationToken");
    if (page.next_token.empty()) return Error::Corrupt("a page that ends in the middle");
  }
  return page;
}

Status ListPages(S3Client& client, const S3Address& bucket, const std::string& prefix,
                 bool folders_only, const std::function<void(const S3ListPage&)>& visit) {
  std::string token;
  for (int pages = 0; pages < kPagesMax; ++pages) {
    S3Request request = PageRequest(bucket, prefix, folders_only, token);
    S3ListPage page;
    request.check = [&](const net::HttpResponse& response) -> Status {
      page = TRY(ParseListPage(response.body, prefix));
      return {};
    };
    TRY(client.Call(request));
    visit(page);
    if (page.next_token.empty()) return {};
    if (page.next_token == token) {
      return Error::Corrupt("cannot list s3://{}/{}: the server repeats a page", bucket.bucket,
                            prefix);
    }
    token = std::move(page.next_token);
  }
  return Error::Unsupported("cannot list s3://{}/{}: more than {} pages", bucket.bucket, prefix,
                            kPagesMax);
}

Status DeleteFolderMarkers(S3Client& client, const S3Address& bucket, const std::string& prefix) {
  struct Folder {
    std::string key;
    size_t parent;
    bool is_empty = true;
  };
  std::vector<Folder> folders = {{prefix, 0}};
  for (size_t i = 0; i < folders.size(); ++i) {
    const std::string key = folders[i].key;
    TRY(ListPages(client, bucket, key, /*folders_only=*/true, [&](const S3ListPage& page) {
      for (const S3ListedObject& object : page.objects) {
        if (object.key != key || object.size_bytes > 0) folders[i].is_empty = false;
      }
      for (const std::string& below : page.folders) {
        // One that is not looked into may hold something.
        if (below == key || folders.size() >= kFoldersMax) {
          folders[i].is_empty = false;
        } else {
          folders.push_back({below, i});
        }
      }
    }));
  }
  // Children stand after their parents.
  for (size_t i = folders.size(); i-- > 0;) {
    if (!folders[i].is_empty) {
      folders[folders[i].parent].is_empty = false;
    } else if (!folders[i].key.empty()) {
      TRY(DeleteOne(client, {bucket.scheme, bucket.bucket, folders[i].key}));
    }
  }
  return {};
}

}  // namespace kafka_iceberg::storage

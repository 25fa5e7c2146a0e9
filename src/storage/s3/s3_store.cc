// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_store.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "net/time_text.h"
#include "storage/location.h"
#include "storage/s3/s3_batch_delete.h"
#include "storage/s3/s3_client.h"
#include "storage/s3/s3_listing.h"
#include "storage/s3/s3_writer.h"

namespace kafka_iceberg::storage {

namespace {

// Whole objects are metadata and manifests; data files are read by range.
constexpr int64_t kReadBytesMax = int64_t{2} << 30;
constexpr int64_t kReadBytesExpected = 64 << 20;
// More of an answer than of the object: the body of an error.
constexpr int64_t kErrorBytesMax = 64 << 10;

std::optional<int64_t> ParseSize(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<int64_t> ContentLength(const net::HttpResponse& response) {
  return ParseSize(response.Header("content-length").value_or(""));
}

Status CheckWholeBody(const net::HttpResponse& response) {
  const auto announced = ContentLength(response);
  const auto size = static_cast<int64_t>(response.body.size());
  // Without a length only a chunked body says where it ends.
  if (!announced && response.Header("transfer-encoding")) return {};
  if (!announced) return Error::Corrupt("the answer does not say how long it is");
  if (*announced != size) return Error::Corrupt("the answer has {} of {} bytes", size, *announced);
  return {};
}

// Against "bytes 0-99/1234".
Status CheckRange(const net::HttpResponse& response, int64_t offset, int64_t length) {
  TRY(CheckWholeBody(response));
  if (response.status != 206) return {};  // the whole object
  std::string_view range = response.Header("content-range").value_or("");
  if (range.starts_with("bytes ")) range.remove_prefix(6);
  const size_t dash = std::min(range.find('-'), range.size());
  const size_t slash = std::min(range.find('/'), range.size());
  if (dash > slash || slash == range.size()) return Error::Corrupt("the answer names no range");
  const auto first = ParseSize(range.substr(0, dash));
  const auto last = ParseSize(range.substr(dash + 1, slash - dash - 1));
  const auto total = ParseSize(range.substr(slash + 1));
  const auto size = static_cast<int64_t>(response.body.size());
  if (!first || !last || !total || *first != offset || *total <= offset ||
      size != std::min(length, *total - offset) || *last - *first + 1 != size) {
    return Error::Corrupt("the answer is another range than was asked for");
  }
  return {};
}

std::string FolderKey(std::string_view key) {
  while (key.ends_with('/')) key.remove_suffix(1);
  return key.empty() ? std::string() : std::string(key) + "/";
}

class S3Store final : public ObjectStore {
 public:
  S3Store(S3Options options, std::shared_ptr<net::AwsCredentialsProvider> credentials,
          const S3Context& context)
      : client_(std::move(options), std::move(credentials), context) {}

  Result<std::string> Read(std::string_view location) override {
    S3Request request(kGetObject, "GET", TRY(ParseS3Object(location)));
    request.response_bytes_max = kReadBytesMax;
    request.response_bytes_expected = kReadBytesExpected;
    request.check = CheckWholeBody;
    return TRY(client_.Call(request)).body;
  }

  Result<std::string> ReadRange(std::string_view location, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Stat(std::string_view location) override;

  Status Write(std::string_view location, std::string_view bytes) override {
    TRY(client_.Call(PutRequest(TRY(ParseS3Object(location)), bytes)));
    return {};
  }

  Status WriteIfAbsent(std::string_view location, std::string_view bytes) override;

  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view location) override {
    return std::make_unique<S3Writer>(client_, std::string(location), TRY(ParseS3Object(location)));
  }

  Status List(std::string_view prefix,
              const std::function<void(const ObjectInfo&)>& visit) override;
  Result<std::vector<std::string>> ListFolders(std::string_view prefix) override;

  Status DeleteEmptyFolders(std::string_view prefix) override {
    const S3Address address = TRY(ParseS3Location(prefix));
    return DeleteFolderMarkers(client_, address, FolderKey(address.key));
  }

  // Each upload, or part of one, carries its SHA-256, and the server compares.
  bool ChecksUploads(std::string_view) const override { return true; }
  Status Delete(std::string_view location) override {
    return DeleteOne(client_, TRY(ParseS3Object(location)));
  }

  Status DeleteMany(std::span<const std::string> locations) override {
    return DeleteInBatches(client_, locations);
  }

 private:
  S3Request PutRequest(const S3Address& address, std::string_view bytes) {
    S3Request request(kPutObject, "PUT", address);
    request.SetBody(bytes);
    client_.AddObjectHeaders(request);
    return request;
  }
  Status ExamineExisting(std::string_view location, std::string_view bytes, Error exists);

  S3Client client_;
};

Result<std::string> S3Store::ReadRange(std::string_view location, int64_t offset, int64_t length) {
  if (offset < 0 || length < 0) {
    return Error::Invalid("cannot read {}: range of {} bytes from {}", location, length, offset);
  }
  S3Request request(kGetObject, "GET", TRY(ParseS3Object(location)));
  if (length == 0) {
    TRY(Stat(location));
    return std::string();
  }
  length = std::min({length, kReadBytesMax, std::numeric_limits<int64_t>::max() - offset});
  length = std::max<int64_t>(length, 1);
  request.headers = {{"range", fmt::format("bytes={}-{}", offset, offset + (length - 1))}};
  request.response_bytes_max = length + kErrorBytesMax;
  request.response_bytes_expected = std::min(length, kReadBytesExpected);
  request.check = [&](const net::HttpResponse& response) {
    return CheckRange(response, offset, length);
  };
  S3Reply reply = TRY(client_.Send(request));
  if (reply.failure && reply.failure->status == 416) return std::string();  // beyond the end
  if (reply.failure) return client_.ErrorOf(*reply.failure, request);
  std::string& body = reply.response.body;
  if (reply.response.status == 206) return std::move(body);
  const size_t first = std::min(static_cast<size_t>(offset), body.size());
  return body.substr(first, static_cast<size_t>(length));
}

Result<ObjectInfo> S3Store::Stat(std::string_view location) {
  S3Request request(kHeadObject, "HEAD", TRY(ParseS3Object(location)));
  ObjectInfo info{std::string(location), 0, {}};
  request.check = [&](const net::HttpResponse& response) -> Status {
    const auto size = ContentLength(response);
    const auto modified_at = net::ParseHttpDate(response.Header("last-modified").value_or(""));
    // Never made up: what looks old may be cleaned away.
    if (!size || !modified_at) return Error::Corrupt("the answer names no size or no time");
    info.size_bytes = *size;
    info.modified_at = *modified_at;
    return {};
  };
  TRY(client_.Call(request));
  return info;
}

Status S3Store::WriteIfAbsent(std::string_view location, std::string_view bytes) {
  S3Request request = PutRequest(TRY(ParseS3Object(location)), bytes);
  request.headers.push_back({"if-none-match", "*"});
  request.repeats_when_lost = false;
  const S3Reply reply = TRY(client_.Send(request));
  if (!reply.failure) return {};
  Error error = client_.ErrorOf(*reply.failure, request);
  if (reply.failure->status == 412 && reply.has_doubtful_past) {
    return ExamineExisting(location, bytes, std::move(error));
  }
  // This try was refused; the one before may have been applied.
  if (reply.has_doubtful_past) return Error::CommitUnknown("{}", error.message());
  return error;
}

// An earlier try was answered with an error, and now the object exists: whose is it?
Status S3Store::ExamineExisting(std::string_view location, std::string_view bytes, Error exists) {
  const auto found = Read(location);
  if (found.ok() && *found != bytes) return exists;
  return Error::CommitUnknown(
      "cannot tell who wrote {}: a first try failed and a second one found it there", location);
}

Status S3Store::List(std::string_view prefix, const std::function<void(const ObjectInfo&)>& visit) {
  const S3Address address = TRY(ParseS3Location(prefix));
  const std::string folder = FolderKey(address.key);
  return ListPages(client_, address, folder, /*folders_only=*/false, [&](const S3ListPage& page) {
    for (const S3ListedObject& object : page.objects) {
      // An object that stands for the folder itself, as some tools make them, is not below it.
      if (object.key == folder) continue;
      visit({address.LocationOf(object.key), object.size_bytes, object.modified_at});
    }
  });
}

Result<std::vector<std::string>> S3Store::ListFolders(std::string_view prefix) {
  const S3Address address = TRY(ParseS3Location(prefix));
  const std::string folder = FolderKey(address.key);
  std::set<std::string> names;
  TRY(ListPages(client_, address, folder, /*folders_only=*/true, [&](const S3ListPage& page) {
    for (const std::string& key : page.folders) {
      std::string_view name = std::string_view(key).substr(folder.size());
      if (name.ends_with('/')) name.remove_suffix(1);
      if (!name.empty()) names.emplace(name);
    }
  }));
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace

std::unique_ptr<ObjectStore> MakeS3Store(S3Options options,
                                         std::shared_ptr<net::AwsCredentialsProvider> credentials,
                                         const S3Context& context) {
  return std::make_unique<S3Store>(std::move(options), std::move(credentials), context);
}

}  // namespace kafka_iceberg::storage

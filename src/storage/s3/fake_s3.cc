// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/fake_s3.h"

#include <set>

#include "core/hashing.h"
#include "storage/s3/s3_xml.h"

namespace kafka_iceberg::storage {

namespace {

std::string HttpDate(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time - day).count();
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("Mon, {:02} {} {} {:02}:{:02}:{:02} GMT", static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), seconds / 3600, seconds / 60 % 60,
                     seconds % 60);
}

std::string Decoded(std::string_view text) { return net::PercentDecode(text).value(); }

std::string FormEncodedKey(const std::string& key) {
  std::string text = net::PercentEncode(key, /*keep_slash=*/true);
  for (size_t at = text.find("%20"); at != std::string::npos; at = text.find("%20")) {
    text.replace(at, 3, "+");
  }
  return text;
}

std::map<std::string, std::string> ParseQuery(std::string_view query) {
  std::map<std::string, std::string> fields;
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(field.size() + 1, query.size()));
    const size_t equal = std::min(field.find('='), field.size());
    fields[Decoded(field.substr(0, equal))] =
        equal < field.size() ? Decoded(field.substr(equal + 1)) : "";
  }
  return fields;
}

std::string RawSha256(std::string_view bytes) {
  const std::string hex = Sha256Hex(bytes);
  std::string raw;
  for (size_t i = 0; i < hex.size(); i += 2) {
    raw.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return raw;
}

net::HttpResponse Ok(std::string body = "") { return {200, {}, std::move(body)}; }

}  // namespace

net::HttpResponse S3ErrorResponse(int status, const std::string& code,
                                  const std::string& more_elements) {
  return {status,
          {{"content-type", "application/xml"}},
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code +
              "</Code><Message>text of " + code + "</Message>" + more_elements + "</Error>"};
}

void FakeS3::Inject(FakeS3Fault fault) {
  MutexLock lock(mutex_);
  faults_.push_back(std::move(fault));
}

size_t FakeS3::object_count() const {
  MutexLock lock(mutex_);
  return objects_.size();
}

size_t FakeS3::open_uploads() const {
  MutexLock lock(mutex_);
  return uploads_.size();
}

Result<net::HttpResponse> FakeS3::Handle(const net::SentRequest& request) {
  std::optional<FakeS3Fault> hit;
  {
    MutexLock lock(mutex_);
    for (FakeS3Fault& fault : faults_) {
      if (fault.times == 0 || (!fault.method.empty() && fault.method != request.method) ||
          request.url.find(fault.url_contains) == std::string::npos) {
        continue;
      }
      if (fault.skip-- > 0) continue;
      --fault.times;
      hit = fault;
      break;
    }
  }
  if (hit && !hit->is_applied) return hit->answer;
  Response response = Apply(request);
  if (hit) return hit->answer;
  return response;
}

net::FakeAnswer FakeS3::Answer(const net::FakeRequest& request) {
  net::SentRequest sent{request.method, "http://" + request.Header("host") + request.target,
                        request.headers, request.body};
  auto response = Handle(sent);
  if (!response.ok()) return net::FakeAnswer::None(net::FakeAnswer::Ending::kReset);
  return {.status = response->status, .headers = response->headers, .body = response->body};
}

FakeS3::Response FakeS3::Apply(const net::SentRequest& request) {
  if (!request.Header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=")) {
    return S3ErrorResponse(403, "AccessDenied");
  }
  if (request.Header("x-amz-content-sha256") != Sha256Hex(request.body)) {
    return S3ErrorResponse(400, "XAmzContentSHA256Mismatch");
  }
  const std::string checksum = request.Header("x-amz-checksum-sha256");
  if (!checksum.empty() && checksum != Base64Encode(RawSha256(request.body))) {
    return S3ErrorResponse(400, "BadDigest");
  }
  const std::string_view url = request.url;
  const size_t path_at = std::min(url.find('/', url.find("://") + 3), url.size());
  const size_t query_at = std::min(url.find('?'), url.size());
  const std::string path = Decoded(url.substr(path_at, query_at - path_at));
  const std::string bucket = std::string("/") + kBucket;
  if (path != bucket && !path.starts_with(bucket + "/"))
    return S3ErrorResponse(404, "NoSuchBucket");
  const Call call{path.substr(std::min(path.size(), bucket.size() + 1)),
                  ParseQuery(url.substr(std::min(query_at + 1, url.size()))), request};
  MutexLock lock(mutex_);
  if (request.method == "PUT") return Put(call);
  if (request.method == "POST") return Post(call);
  if (request.method == "DELETE") {
    if (call.query.contains("uploadId")) {
      uploads_.erase(call.query.at("uploadId"));
    } else {
      objects_.erase(call.key);
    }
    return {204, {}, ""};
  }
  return call.key.empty() ? List(call) : Get(call);
}

FakeS3::Response FakeS3::Get(const Call& call) {
  const auto found = objects_.find(call.key);
  const bool is_head = call.request.method == "HEAD";
  if (found == objects_.end())
    return is_head ? Response{404, {}, ""} : S3ErrorResponse(404, "NoSuchKey");
  const std::string& bytes = found->second.bytes;
  Response response{200, {{"last-modified", HttpDate(found->second.modified_at)}}, bytes};
  const std::string range = call.request.Header("range");
  if (!range.empty()) {
    const size_t first = std::stoull(range.substr(6));
    const size_t last = std::min(std::stoull(range.substr(range.find('-') + 1)) + 1,
                                 static_cast<unsigned long long>(bytes.size()));
    if (first >= bytes.size()) return S3ErrorResponse(416, "InvalidRange");
    response.status = 206;
    response.body = bytes.substr(first, last - first);
    response.headers.push_back(
        {"content-range", fmt::format("bytes {}-{}/{}", first, last - 1, bytes.size())});
  }
  response.headers.push_back({"content-length", std::to_string(response.body.size())});
  if (is_head) response.body.clear();
  return response;
}

FakeS3::Response FakeS3::Put(const Call& call) {
  if (call.query.contains("uploadId")) {
    const auto upload = uploads_.find(call.query.at("uploadId"));
    if (upload == uploads_.end()) return S3ErrorResponse(404, "NoSuchUpload");
    const int number = std::stoi(call.query.at("partNumber"));
    upload->second[number] = call.request.body;
    return {200, {{"etag", fmt::format("\"{}&part\"", number)}}, ""};
  }
  if (!ignores_conditions_ && call.request.Header("if-none-match") == "*" &&
      objects_.contains(call.key)) {
    return S3ErrorResponse(412, "PreconditionFailed");
  }
  objects_.insert_or_assign(call.key, Object{call.request.body, clock_.Now()});
  return Ok();
}

FakeS3::Response FakeS3::Post(const Call& call) {
  if (call.query.contains("delete")) return DeleteMany(call);
  if (call.query.contains("uploadId")) return Complete(call);
  const std::string id = "upload+" + std::to_string(next_upload_++);
  uploads_[id] = {};
  return Ok("<InitiateMultipartUploadResult><UploadId>" + id +
            "</UploadId></InitiateMultipartUploadResult>");
}

FakeS3::Response FakeS3::Complete(const Call& call) {
  const auto upload = uploads_.find(call.query.at("uploadId"));
  if (upload == uploads_.end()) return S3ErrorResponse(404, "NoSuchUpload");
  const net::XmlElement document = net::ParseXml(call.request.body).value();
  std::string bytes;
  for (const net::XmlElement& part : document.children) {
    const int number = std::stoi(std::string(ChildText(part, "PartNumber")));
    const std::string& data = upload->second.at(number);
    if (ChildText(part, "ETag") != fmt::format("\"{}&part\"", number) ||
        ChildText(part, "ChecksumSHA256") != Base64Encode(RawSha256(data))) {
      return S3ErrorResponse(400, "InvalidPart");
    }
    bytes += data;
  }
  objects_.insert_or_assign(call.key, Object{bytes, clock_.Now()});
  uploads_.erase(upload);
  return Ok("<CompleteMultipartUploadResult xmlns=\"x\"/>");
}

FakeS3::Response FakeS3::List(const Call& call) {
  const auto parameter = [&](const char* name) {
    const auto found = call.query.find(name);
    return found == call.query.end() ? std::string() : found->second;
  };
  const std::string prefix = parameter("prefix");
  std::string entries;
  std::set<std::string> folders;
  std::string next;
  size_t count = 0;
  const std::string token = parameter("continuation-token");
  for (auto at = token.empty() ? objects_.lower_bound(prefix) : objects_.upper_bound(token);
       at != objects_.end() && at->first.starts_with(prefix); ++at) {
    const size_t slash = at->first.find('/', prefix.size());
    if (!parameter("delimiter").empty() && slash != std::string::npos) {
      folders.insert(at->first.substr(0, slash + 1));
      continue;
    }
    if (count++ == page_objects_) {
      next = std::prev(at)->first;
      break;
    }
    const std::string time = ToRfc3339(at->second.modified_at);
    entries += fmt::format(
        "<Contents><Key>{}</Key><LastModified>{}</LastModified><Size>{}</Size></Contents>",
        FormEncodedKey(at->first), time, at->second.bytes.size());
  }
  for (const std::string& folder : folders) {
    entries += "<CommonPrefixes><Prefix>" + FormEncodedKey(folder) + "</Prefix></CommonPrefixes>";
  }
  return Ok(
      fmt::format("<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{}</"
                  "IsTruncated><NextContinuationToken>{}</NextContinuationToken>{}</"
                  "ListBucketResult>",
                  next.empty() ? "false" : "true", XmlEscape(next), entries));
}

FakeS3::Response FakeS3::DeleteMany(const Call& call) {
  const net::XmlElement document = net::ParseXml(call.request.body).value();
  for (const net::XmlElement& object : document.children) {
    objects_.erase(std::string(ChildText(object, "Key")));
  }
  return Ok("<DeleteResult/>");
}

}  // namespace kafka_iceberg::storage

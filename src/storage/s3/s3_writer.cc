// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_writer.h"

#include <algorithm>
#include <charconv>

#include "storage/s3/s3_xml.h"

namespace kafka_iceberg::storage {

namespace {

constexpr size_t kPartsMax = 10'000;  // S3's own limit
constexpr size_t kTagBytesMax = 1024;

// "<UploadId>" of an answer that must be `root`.
Result<std::string> ReadUploadId(std::string_view body) {
  const net::XmlElement document = TRY(net::ParseXml(body));
  const std::string_view id = ChildText(document, "UploadId");
  if (document.name != "InitiateMultipartUploadResult" || id.empty() || id.size() > kTagBytesMax) {
    return Error::Corrupt("the answer names no upload");
  }
  return std::string(id);
}

Status CheckCompleted(const net::HttpResponse& response) {
  const net::XmlElement document = TRY(net::ParseXml(response.body));
  if (document.name == "CompleteMultipartUploadResult") return {};
  return Error::Corrupt("the answer does not say that the upload is complete");
}

}  // namespace

S3Writer::S3Writer(S3Client& client, std::string location, S3Address address)
    : client_(client),
      location_(std::move(location)),
      address_(std::move(address)),
      part_bytes_(static_cast<size_t>(std::max<int64_t>(client.options().part_bytes, 1))) {}

S3Writer::~S3Writer() {
  if (!upload_id_.empty()) Abort();
}

Status S3Writer::Append(std::string_view bytes) {
  if (is_over_) {
    return Error::Io("cannot write {}: an earlier write failed, or it is finished already",
                     location_);
  }
  auto status = Add(bytes);
  // A hole in the middle must never become visible.
  if (!status.ok()) is_over_ = true;
  return status;
}

Result<WrittenObject> S3Writer::Finish() {
  if (is_over_) {
    return Error::Io("cannot finish {}: an earlier write failed, or it is finished already",
                     location_);
  }
  is_over_ = true;
  if (upload_id_.empty()) {
    TRY(PutWhole());
  } else {
    TRY(UploadPart(buffer_));
    TRY(CompleteUpload());
  }
  buffer_ = std::string();
  return WrittenObject{location_, size_bytes_, sha256_.Finish()};
}

// Keeps a full part back until more comes: the last one may be of any size, but not empty.
Status S3Writer::Add(std::string_view bytes) {
  sha256_.Update(bytes);
  size_bytes_ += static_cast<int64_t>(bytes.size());
  while (buffer_.size() + bytes.size() > part_bytes_) {
    if (buffer_.empty()) {
      TRY(UploadPart(bytes.substr(0, part_bytes_)));
      bytes.remove_prefix(part_bytes_);
      continue;
    }
    const size_t missing = part_bytes_ - buffer_.size();
    buffer_.append(bytes.substr(0, missing));
    bytes.remove_prefix(missing);
    TRY(UploadPart(buffer_));
    buffer_.clear();
  }
  // Memory is touched only as it fills; growing step by step would copy it over and over.
  if (buffer_.capacity() < part_bytes_) buffer_.reserve(part_bytes_);
  buffer_.append(bytes);
  return {};
}

Status S3Writer::PutWhole() {
  S3Request request(kPutObject, "PUT", address_);
  request.SetBody(buffer_);
  client_.AddObjectHeaders(request);
  TRY(client_.Call(request));
  return {};
}

Status S3Writer::StartUpload() {
  S3Request request(kCreateMultipartUpload, "POST", address_);
  request.query = {{"uploads", ""}};
  request.headers = {{"x-amz-checksum-algorithm", "SHA256"}};
  client_.AddObjectHeaders(request);
  request.check = [&](const net::HttpResponse& response) -> Status {
    upload_id_ = TRY(ReadUploadId(response.body));
    return {};
  };
  TRY(client_.Call(request));
  return {};
}

Status S3Writer::UploadPart(std::string_view bytes) {
  if (upload_id_.empty()) TRY(StartUpload());
  if (parts_.size() >= kPartsMax) {
    return Error::Unsupported("cannot write {}: more than {} parts of {} bytes", location_,
                              kPartsMax, part_bytes_);
  }
  S3Request request(kUploadPart, "PUT", address_);
  request.query = {{"partNumber", std::to_string(parts_.size() + 1)}, {"uploadId", upload_id_}};
  request.SetBody(bytes);
  std::string checksum = request.headers.back().value;
  request.check = [](const net::HttpResponse& response) -> Status {
    const auto etag = response.Header("etag");
    if (etag && !etag->empty() && etag->size() <= kTagBytesMax) return {};
    return Error::Corrupt("the answer names no ETag for the part");
  };
  const net::HttpResponse response = TRY(client_.Call(request));
  parts_.push_back({std::string(*response.Header("etag")), std::move(checksum)});
  return {};
}

std::string S3Writer::CompletionBody() const {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < parts_.size(); ++i) {
    body += fmt::format(
        "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag><ChecksumSHA256>{}</ChecksumSHA256></"
        "Part>",
        i + 1, XmlEscape(parts_[i].etag), parts_[i].checksum);
  }
  return body + "</CompleteMultipartUpload>";
}

Status S3Writer::CompleteUpload() {
  const std::string body = CompletionBody();
  S3Request request(kCompleteMultipartUpload, "POST", address_);
  request.query = {{"uploadId", upload_id_}};
  request.body = body;
  request.check = CheckCompleted;
  request.response_bytes_expected = size_bytes_;  // the server may copy it all
  auto reply = client_.Send(request);
  if (!reply.ok()) {
    // Never sent, in any try: not complete. All else may be.
    if (reply.error().code() != ErrorCode::kTimeout) return reply.error();
    return LookUp(reply.error());
  }
  if (!reply->failure) {
    upload_id_.clear();
    return {};
  }
  const Error refused = client_.ErrorOf(*reply->failure, request);
  // "no such upload" may be the echo of our own completion.
  if (IsTransient(*reply->failure) || reply->has_doubtful_past) return LookUp(refused);
  return refused;
}

Status S3Writer::LookUp(const Error& doubt) {
  upload_id_.clear();  // it may be the object by now: nothing is taken back
  S3Request request(kHeadObject, "HEAD", address_);
  const auto found = client_.Call(request);
  if (!found.ok()) return doubt;
  int64_t size_bytes = -1;
  const std::string_view text = found->Header("content-length").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), size_bytes);
  // Nobody else writes to this location.
  if (size_bytes == size_bytes_) return {};
  return doubt;
}

void S3Writer::Abort() {
  S3Request request(kAbortMultipartUpload, "DELETE", address_);
  request.query = {{"uploadId", upload_id_}};
  // Best effort: a server that is away keeps the parts until its own clean-up of unfinished
  // uploads.
  (void)client_.Send(request);
}

}  // namespace kafka_iceberg::storage

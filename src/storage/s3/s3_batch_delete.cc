// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_batch_delete.h"

#include <algorithm>
#include <vector>

#include "storage/s3/s3_xml.h"

namespace kafka_iceberg::storage {

namespace {

constexpr size_t kBatchMax = 1000;  // S3's own limit
constexpr int64_t kAnswerBytesMax = 8 << 20;

std::string RequestBody(std::span<const S3Address> batch) {
  std::string body =
      "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
  for (const S3Address& address : batch) {
    body += "<Object><Key>" + XmlEscape(address.key) + "</Key></Object>";
  }
  return body + "</Delete>";
}

Status DeleteEach(S3Client& client, std::span<const S3Address> batch) {
  Status first;
  for (const S3Address& address : batch) {
    auto status = DeleteOne(client, address);
    if (!status.ok() && first.ok()) first = std::move(status);
  }
  return first;
}

// Those the answer names as failed, once more and alone: what may pass is tried again there, and
// what may not gets its own reason.
Status DeleteRefused(S3Client& client, const net::XmlElement& answer,
                     std::span<const S3Address> batch) {
  std::vector<S3Address> refused;
  for (const net::XmlElement& element : answer.children) {
    if (element.name != "Error") continue;
    const std::string_view key = ChildText(element, "Key");
    const auto found = std::ranges::find(batch, key, &S3Address::key);
    if (found == batch.end() || refused.size() == batch.size()) {
      return Error::Corrupt("cannot delete from bucket {}: the answer names other keys",
                            batch.front().bucket);
    }
    refused.push_back(*found);
  }
  return DeleteEach(client, refused);
}

Status DeleteBatch(S3Client& client, std::span<const S3Address> batch) {
  if (batch.size() == 1) return DeleteOne(client, batch.front());
  const std::string body = RequestBody(batch);
  const S3Address bucket{batch.front().scheme, batch.front().bucket, ""};
  S3Request request(kDeleteObjects, "POST", bucket);
  request.query = {{"delete", ""}};
  request.SetBody(body);
  request.response_bytes_max = kAnswerBytesMax;
  net::XmlElement answer;
  request.check = [&](const net::HttpResponse& response) -> Status {
    answer = TRY(net::ParseXml(response.body));
    return answer.name == "DeleteResult"
               ? Status()
               : Error::Corrupt("the answer does not say what was deleted");
  };
  const S3Reply reply = TRY(client.Send(request));
  if (!reply.failure) return DeleteRefused(client, answer, batch);
  const Error error = client.ErrorOf(*reply.failure, request);
  // Not every store has this call, and some want it with another checksum.
  const bool is_missing =
      error.code() == ErrorCode::kInvalid || error.code() == ErrorCode::kUnsupported;
  return is_missing ? DeleteEach(client, batch) : Status(error);
}

}  // namespace

Status DeleteOne(S3Client& client, const S3Address& address) {
  const S3Request request(kDeleteObject, "DELETE", address);
  const S3Reply reply = TRY(client.Send(request));
  if (reply.failure && reply.failure->status != 404) {
    return client.ErrorOf(*reply.failure, request);
  }
  return {};
}

Status DeleteInBatches(S3Client& client, std::span<const std::string> locations) {
  std::vector<S3Address> addresses;
  addresses.reserve(locations.size());
  for (const std::string& location : locations) addresses.push_back(TRY(ParseS3Object(location)));
  Status first;
  for (size_t begin = 0; begin < addresses.size();) {
    size_t end = begin + 1;
    while (end < addresses.size() && end - begin < kBatchMax &&
           addresses[end].bucket == addresses[begin].bucket) {
      ++end;
    }
    auto status = DeleteBatch(client, std::span(addresses).subspan(begin, end - begin));
    if (!status.ok() && first.ok()) first = std::move(status);
    begin = end;
  }
  return first;
}

}  // namespace kafka_iceberg::storage

// SPDX-License-Identifier: Apache-2.0
//
// One object of S3 being written piece by piece. What fits into one part goes up as one object in
// Finish; a larger one is uploaded in parts while it grows, each with its checksum, and is visible
// only when the parts are put together. An unfinished upload is aborted, as far as the server can
// be reached. Holds one part in memory. Used by one thread. Internal to storage/s3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/hashing.h"
#include "storage/object_store.h"
#include "storage/s3/s3_client.h"

namespace kafka_iceberg::storage {

class S3Writer final : public ObjectWriter {
 public:
  // `client` outlives it.
  S3Writer(S3Client& client, std::string location, S3Address address);
  ~S3Writer() override;

  Status Append(std::string_view bytes) override;
  Result<WrittenObject> Finish() override;

 private:
  struct Part {
    std::string etag;
    std::string checksum;
  };

  Status Add(std::string_view bytes);
  Status StartUpload();
  Status UploadPart(std::string_view bytes);
  Status PutWhole();
  Status CompleteUpload();
  std::string CompletionBody() const;
  // After a completion whose outcome is open.
  Status LookUp(const Error& doubt);
  void Abort();

  S3Client& client_;
  const std::string location_;
  const S3Address address_;
  const size_t part_bytes_;
  std::string buffer_;
  std::string upload_id_;  // empty: nothing to abort
  std::vector<Part> parts_;
  Sha256 sha256_;
  int64_t size_bytes_ = 0;
  bool is_over_ = false;
};

}  // namespace kafka_iceberg::storage

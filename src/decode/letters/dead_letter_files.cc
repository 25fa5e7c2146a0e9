// SPDX-License-Identifier: Apache-2.0
#include "decode/letters/dead_letter_files.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "core/check.h"
#include "decode/letters/dead_letter_line.h"

namespace kafka_iceberg::decode {
namespace {

constexpr std::string_view kPublishedSuffix = ".jsonl";
constexpr std::string_view kStagedSuffix = ".jsonl.staged";
constexpr std::string_view kPartialSuffix = ".jsonl.partial";
constexpr size_t kNumberDigits = 12;
constexpr size_t kWriteBytes = 256 << 10;

bool IsFileNameSafe(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") ==
                              std::string_view::npos;
}

// Splits what Read() feeds into whole lines; a last line without its line feed was torn and is not
// one.
class LineSplitter {
 public:
  explicit LineSplitter(std::function<Status(std::string_view)> line) : line_(std::move(line)) {}

  Status Feed(std::string_view piece) {
    for (size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      pending_.append(piece.substr(0, end + 1));
      TRY(line_(pending_));
      pending_.clear();
      piece.remove_prefix(end + 1);
    }
    pending_.append(piece);
    return {};
  }

 private:
  const std::function<Status(std::string_view)> line_;
  std::string pending_;
};

class DeadLetterFiles final : public DeadLetterStore {
 public:
  DeadLetterFiles(std::string directory, DurableFiles& files, DeadLetterFileOptions options)
      : directory_(std::move(directory)), files_(files), options_(options) {}

  Status Recover(const IsCovered& is_covered) {
    TRY(files_.CreateDirectory(directory_));
    const auto entries = TRY(files_.List(directory_));
    for (const DirectoryEntry& entry : entries) NoteNumber(entry.name);
    for (const DirectoryEntry& entry : entries) {
      if (entry.name.ends_with(kPartialSuffix)) TRY(files_.Remove(PathOf(entry.name)));
      if (entry.name.ends_with(kStagedSuffix)) TRY(Settle(StemOf(entry.name), is_covered));
    }
    TRY(files_.SyncDirectory(directory_));
    return CountBytes();
  }

  Result<std::string> Stage(const LetterEpoch& epoch,
                            const std::vector<DeadLetter>& letters) override {
    const std::string& epoch_uuid = epoch.uuid;
    CHECK(IsFileNameSafe(epoch_uuid));
    std::vector<std::string> stems;
    Status status = RemoveDoomed();
    if (status.ok()) status = WriteAll(epoch_uuid, letters, stems);
    if (!status.ok()) {
      // The epoch will not be committed on this, so nothing of it may stay.
      doomed_.insert(doomed_.end(), stems.begin(), stems.end());
      (void)RemoveDoomed();
      return status.error().WithContext("cannot store dead letters");
    }
    auto& staged = staged_[epoch_uuid];
    staged.insert(staged.end(), stems.begin(), stems.end());
    if (staged.empty()) staged_.erase(epoch_uuid);
    return std::string();
  }

  Status Publish(const std::string& epoch_uuid) override {
    const auto found = staged_.find(epoch_uuid);
    if (found == staged_.end()) return {};
    auto& stems = found->second;
    // Files that are done are forgotten at once, so that a call that failed can be repeated.
    while (!stems.empty()) {
      TRY(files_.Rename(PathOf(stems.front(), kStagedSuffix),
                        PathOf(stems.front(), kPublishedSuffix)));
      stems.erase(stems.begin());
    }
    TRY(files_.SyncDirectory(directory_));
    staged_.erase(found);
    return {};
  }

  Status Discard(const std::string& epoch_uuid) override {
    const auto found = staged_.find(epoch_uuid);
    if (found == staged_.end()) return {};
    doomed_.insert(doomed_.end(), found->second.begin(), found->second.end());
    staged_.erase(found);
    return RemoveDoomed();
  }

 private:
  std::string PathOf(std::string_view stem, std::string_view suffix = "") const {
    return fmt::format("{}/{}{}", directory_, stem, suffix);
  }
  static std::string StemOf(std::string_view name) {
    return std::string(name.substr(0, name.find('.')));
  }

  void NoteNumber(std::string_view name) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool ours = error == std::errc() && end == name.data() + kNumberDigits;
    if (ours) next_number_ = std::max(next_number_, number + 1);
  }

  Status CountBytes() {
    directory_bytes_ = 0;
    for (const DirectoryEntry& entry : TRY(files_.List(directory_)))
      directory_bytes_ += entry.bytes;
    return {};
  }

  // Their records are decoded again, so these files must be gone for good before the same letters
  // are staged anew: at the next start nobody could tell one from the other.
  Status RemoveDoomed() {
    if (doomed_.empty()) return {};
    for (const std::string& stem : doomed_) {
      TRY(files_.Remove(PathOf(stem, kPartialSuffix)));
      TRY(files_.Remove(PathOf(stem, kStagedSuffix)));
    }
    TRY(files_.SyncDirectory(directory_));
    doomed_.clear();
    return CountBytes();
  }

  // Writes the letters into as many files as it takes; `stems` names those that exist, also on
  // failure.
  Status WriteAll(const std::string& epoch_uuid, const std::vector<DeadLetter>& letters,
                  std::vector<std::string>& stems) {
    for (size_t next = 0; next < letters.size();) {
      stems.push_back(fmt::format("{:0{}}-{}", next_number_++, kNumberDigits, epoch_uuid));
      TRY(WriteFile(stems.back(), letters, next));
    }
    return letters.empty() ? Status() : files_.SyncDirectory(directory_);
  }

  Status WriteFile(const std::string& stem, const std::vector<DeadLetter>& letters, size_t& next) {
    auto file = TRY(files_.Create(PathOf(stem, kPartialSuffix)));
    std::string buffer;
    int64_t bytes = 0;
    for (; next < letters.size() && bytes < options_.file_bytes_max; ++next) {
      const std::string line = ToJsonLine(letters[next]);
      bytes += static_cast<int64_t>(line.size());
      buffer += line;
      if (buffer.size() >= kWriteBytes) TRY(Flush(*file, buffer));
    }
    TRY(Flush(*file, buffer));
    TRY(file->Sync());
    return files_.Rename(PathOf(stem, kPartialSuffix), PathOf(stem, kStagedSuffix));
  }

  Status Flush(DurableFile& file, std::string& buffer) {
    const auto bytes = static_cast<int64_t>(buffer.size());
    if (directory_bytes_ + bytes > options_.directory_bytes_max) {
      TRY(CountBytes());  // somebody may have made room
      if (directory_bytes_ + bytes > options_.directory_bytes_max) {
        return Error::Io(
            "folder {} holds {} bytes of dead letters, the most allowed; move or delete its .jsonl "
            "files",
            directory_, directory_bytes_);
      }
    }
    TRY(file.Append(buffer));
    directory_bytes_ += bytes;
    buffer.clear();
    return {};
  }

  // Decides letter by letter what becomes of a file an earlier process left staged. When that was
  // cut short, doing all of it again comes to the same end.
  Status Settle(const std::string& stem, const IsCovered& is_covered) {
    const std::string staged = PathOf(stem, kStagedSuffix);
    int64_t covered = 0;
    int64_t others = 0;
    TRY(ForEachLetter(staged, is_covered, [&](std::string_view, bool is) {
      ++(is ? covered : others);
      return Status();
    }));
    if (covered == 0) return files_.Remove(staged);
    if (others == 0) return files_.Rename(staged, PathOf(stem, kPublishedSuffix));
    TRY(CopyCovered(stem, is_covered));
    return files_.Remove(staged);
  }

  Status CopyCovered(const std::string& stem, const IsCovered& is_covered) {
    const std::string partial = PathOf(stem, kPartialSuffix);
    TRY(files_.Remove(partial));
    auto file = TRY(files_.Create(partial));
    TRY(ForEachLetter(PathOf(stem, kStagedSuffix), is_covered, [&](std::string_view line, bool is) {
      return is ? file->Append(line) : Status();
    }));
    TRY(file->Sync());
    TRY(files_.Rename(partial, PathOf(stem, kPublishedSuffix)));
    return files_.SyncDirectory(directory_);
  }

  // A line that cannot be read is not covered: Stage() never returned for it, so its epoch was
  // never committed.
  Status ForEachLetter(const std::string& path, const IsCovered& is_covered,
                       const std::function<Status(std::string_view line, bool is_covered)>& visit) {
    LineSplitter splitter([&](std::string_view line) {
      const auto source = SourceOfJsonLine(line);
      return visit(line, source && is_covered(source->first, source->second));
    });
    return files_.Read(path, [&](std::string_view piece) { return splitter.Feed(piece); });
  }

  const std::string directory_;
  DurableFiles& files_;
  const DeadLetterFileOptions options_;
  uint64_t next_number_ = 1;
  int64_t directory_bytes_ = 0;
  std::map<std::string, std::vector<std::string>> staged_;  // epoch -> stems
  std::vector<std::string> doomed_;  // stems of epochs that will never be committed
};

}  // namespace

Result<std::unique_ptr<DeadLetterStore>> OpenDeadLetterFiles(const std::string& directory,
                                                             const IsCovered& is_covered,
                                                             DurableFiles& files,
                                                             DeadLetterFileOptions options) {
  auto store = std::make_unique<DeadLetterFiles>(directory, files, options);
  const Status recovered = store->Recover(is_covered);
  if (!recovered.ok()) return recovered.error().WithContext("cannot open the dead letter store");
  return store;
}

Result<std::unique_ptr<DeadLetterStore>> OpenFileDeadLetterStore(
    const std::string& directory,
    const std::function<bool(const TopicPartition&, int64_t offset)>& is_covered) {
  return OpenDeadLetterFiles(directory, is_covered, PosixDurableFiles(), {});
}

}  // namespace kafka_iceberg::decode

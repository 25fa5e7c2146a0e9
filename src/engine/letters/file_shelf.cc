// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "decode/letters/dead_letter_line.h"
#include "decode/letters/durable_files.h"
#include "engine/letters/letter_shelf.h"

namespace kafka_iceberg::engine {
namespace {

constexpr std::string_view kIdFile = "shelf.id";

bool Takes(const LetterKeys& keys, const TopicPartition& partition, int64_t offset) {
  const auto found = keys.find(partition);
  return found != keys.end() && found->second.contains(offset);
}

class FileShelf final : public LetterShelf {
 public:
  FileShelf(std::string folder, decode::DurableFiles& files)
      : folder_(std::move(folder)), files_(files) {}

  // A new id is made by whoever creates the file first.
  Status Identify(Random& random) {
    TRY(files_.CreateDirectory(folder_));
    const std::string path = PathOf(kIdFile);
    if (!Exists(TRY(files_.List(folder_)), kIdFile)) {
      const std::string partial = fmt::format("{}-{}.partial", path, NewUuid(random));
      TRY(WriteFile(partial, NewUuid(random)));
      TRY(files_.Rename(partial, path));
      TRY(files_.SyncDirectory(folder_));
    }
    id_ = TRY(ReadFile(path));
    if (id_.size() != 36) return Error::Corrupt("{} holds no id; delete it", path);
    return {};
  }

  const std::string& id() const override { return id_; }
  Status Visit(const VisitLetter& visit) override { return VisitFileLetters(folder_, visit); }

  Result<std::string> WriteKeys(const std::string& replay_uuid, const LetterKeys& keys) override {
    std::string name = fmt::format("replay-{}.keys", replay_uuid);
    TRY(WriteFile(PathOf(name), KeysToText(keys)));
    TRY(files_.SyncDirectory(folder_));
    return name;
  }

  Status DropKeys(const std::string& location) override { return files_.Remove(PathOf(location)); }

  // The list goes last: as long as it is there, letters of it may be.
  Status Finish(const commit::LastReplay& replay) override {
    const auto entries = TRY(files_.List(folder_));
    if (!Exists(entries, replay.letters)) return {};
    const LetterKeys keys = TRY(KeysFromText(TRY(ReadFile(PathOf(replay.letters)))));
    for (const decode::DirectoryEntry& entry : entries) {
      if (entry.name.ends_with(".jsonl")) TRY(TakeOut(entry.name, keys));
    }
    TRY(files_.SyncDirectory(folder_));
    TRY(files_.Remove(PathOf(replay.letters)));
    return files_.SyncDirectory(folder_);
  }

 private:
  std::string PathOf(std::string_view name) const { return fmt::format("{}/{}", folder_, name); }

  static bool Exists(const std::vector<decode::DirectoryEntry>& entries, std::string_view name) {
    return std::ranges::any_of(entries, [&](const auto& entry) { return entry.name == name; });
  }

  Result<std::string> ReadFile(const std::string& path) {
    std::string text;
    TRY(files_.Read(path, [&](std::string_view piece) -> Status {
      text.append(piece);
      return {};
    }));
    return text;
  }

  Status WriteFile(const std::string& path, std::string_view text) {
    const auto file = TRY(files_.Create(path));
    TRY(file->Append(text));
    return file->Sync();
  }

  // A file is replaced as a whole or not at all.
  Status TakeOut(const std::string& name, const LetterKeys& keys) {
    const std::string text = TRY(ReadFile(PathOf(name)));
    std::string kept;
    for (size_t from = 0; from < text.size();) {
      const size_t end = std::min(text.find('\n', from), text.size() - 1);
      const std::string_view line = std::string_view(text).substr(from, end - from + 1);
      const auto source = decode::SourceOfJsonLine(line);
      if (!source || !Takes(keys, source->first, source->second)) kept += line;
      from = end + 1;
    }
    if (kept.size() == text.size()) return {};
    if (kept.empty()) return files_.Remove(PathOf(name));
    const std::string partial = PathOf(name) + ".partial";
    TRY(files_.Remove(partial));  // of a replay that was killed here
    TRY(WriteFile(partial, kept));
    return files_.Rename(partial, PathOf(name));
  }

  const std::string folder_;
  decode::DurableFiles& files_;
  std::string id_;
};

}  // namespace

Result<std::unique_ptr<LetterShelf>> OpenFileShelf(const std::string& folder, Random& random) {
  auto shelf = std::make_unique<FileShelf>(folder, decode::PosixDurableFiles());
  TRY(shelf->Identify(random));
  return std::unique_ptr<LetterShelf>(std::move(shelf));
}

}  // namespace kafka_iceberg::engine

// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_pattern.h"

#include <regex.h>

namespace kafka_iceberg::kafka {

std::string SubscriptionPattern(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  return fmt::format("^({}).*", pattern);
}

std::string CombinedPattern(const std::vector<std::string>& topics) {
  std::string combined = "^(";
  for (const std::string& topic : topics) {
    if (combined.size() > 2) combined += '|';
    if (topic.starts_with('^')) {
      combined += fmt::format("({})", topic.substr(1));
      continue;
    }
    // Of the characters of a topic's name only the dot means something else.
    for (const char c : topic) combined += c == '.' ? std::string("\\.") : std::string(1, c);
    combined += '$';
  }
  return combined + ")";
}

class TopicPattern::Regex {
 public:
  explicit Regex(const std::string& text)
      : is_valid_(regcomp(&regex_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
  ~Regex() {
    if (is_valid_) regfree(&regex_);
  }
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  bool is_valid() const { return is_valid_; }
  bool Matches(const std::string& name) const {
    return regexec(&regex_, name.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_{};
  const bool is_valid_;
};

Result<TopicPattern> TopicPattern::Make(std::string_view topic) {
  TopicPattern pattern;
  pattern.name_ = topic;
  if (!topic.starts_with('^')) return pattern;
  const auto regex = std::make_shared<const Regex>(SubscriptionPattern(topic));
  if (!regex->is_valid()) return Error::Invalid("\"{}\" is not a regular expression", topic);
  pattern.regex_ = regex;
  return pattern;
}

bool TopicPattern::Matches(const std::string& name) const {
  return regex_ == nullptr ? name == name_ : regex_->Matches(name);
}

}  // namespace kafka_iceberg::kafka

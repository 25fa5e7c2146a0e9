// SPDX-License-Identifier: Apache-2.0
//
// Topic patterns ("^orders_"): POSIX extended expressions that match at the beginning of a name,
// whoever asks. Pure; a compiled pattern is safe for concurrent use.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::kafka {

// As it is to be subscribed. The classic protocol looks for a match at the beginning of a name, the
// consumer protocol matches whole names: this form means the former to both.
std::string SubscriptionPattern(std::string_view pattern);

// One pattern that matches what one of these does: names of topics, and patterns beginning with
// "^".
std::string CombinedPattern(const std::vector<std::string>& topics);

class TopicPattern {
 public:
  // A name, or a pattern beginning with "^". kInvalid: it is no regular expression.
  static Result<TopicPattern> Make(std::string_view topic);
  bool Matches(const std::string& name) const;

 private:
  class Regex;

  std::string name_;
  std::shared_ptr<const Regex> regex_;  // null: compared with name_
};

}  // namespace kafka_iceberg::kafka

// SPDX-License-Identifier: Apache-2.0
//
// Result<T> and Status: how every fallible function of this project reports failure.
//
// An ErrorCode says what the caller should do next, never what went wrong in detail; the detail is
// in the message (lower case, no full stop, names the thing: "cannot commit orders: catalog prod:
// 503"). Our code never throws. Values; safe to move between threads.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kafka_iceberg {

enum class ErrorCode : uint8_t {
  kInvalid,        // the input is wrong: dead-letter the record, or fix the configuration
  kNotFound,       // the named thing does not exist
  kAlreadyExists,  // the named thing exists
  kConflict,       // somebody else was first: refresh and try again
  kCommitUnknown,  // may or may not have happened: look, never clean up
  kUnavailable,    // the other side is away: back off, try again
  kTimeout,        // no answer in time: as kUnavailable, when the call changes nothing
  kDenied,         // credentials or permissions: somebody must act
  kCorrupt,        // stored data contradicts itself: stop
  kUnsupported,    // legal, but not something this program does
  kCancelled,      // asked to stop
  kIo,             // the local file system or operating system refused
};

// The stable, lower-case name of a code: "invalid", "not_found", ...
std::string_view ToString(ErrorCode code);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with `context: ` in front of its message.
  Error WithContext(std::string_view context) const& {
    return {code_, fmt::format("{}: {}", context, message_)};
  }

#define KAFKA_ICEBERG_ERROR_FACTORY(name)                                          \
  template <typename... Args>                                                      \
  static Error name(fmt::format_string<Args...> format, Args&&... args) {          \
    return {ErrorCode::k##name, fmt::format(format, std::forward<Args>(args)...)}; \
  }
  KAFKA_ICEBERG_ERROR_FACTORY(Invalid)
  KAFKA_ICEBERG_ERROR_FACTORY(NotFound)
  KAFKA_ICEBERG_ERROR_FACTORY(AlreadyExists)
  KAFKA_ICEBERG_ERROR_FACTORY(Conflict)
  KAFKA_ICEBERG_ERROR_FACTORY(CommitUnknown)
  KAFKA_ICEBERG_ERROR_FACTORY(Unavailable)
  KAFKA_ICEBERG_ERROR_FACTORY(Timeout)
  KAFKA_ICEBERG_ERROR_FACTORY(Denied)
  KAFKA_ICEBERG_ERROR_FACTORY(Corrupt)
  KAFKA_ICEBERG_ERROR_FACTORY(Unsupported)
  KAFKA_ICEBERG_ERROR_FACTORY(Cancelled)
  KAFKA_ICEBERG_ERROR_FACTORY(Io)
#undef KAFKA_ICEBERG_ERROR_FACTORY

  friend bool operator==(const Error&, const Error&) = default;

 private:
  ErrorCode code_;
  std::string message_;
};

// Either a T or an Error. value() may only be called when ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  using ValueType = T;

  // All of them implicit, for `return value;` and `return Error::...;`.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // From anything a T is made of implicitly (unique_ptr<Derived> to unique_ptr<Base>, T to
  // optional<T>).
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool ok() const { return state_.index() == 0; }
  const T& value() const& { return std::get<0>(state_); }
  T& value() & { return std::get<0>(state_); }
  T value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const& { return std::get<1>(state_); }
  Error error() && { return std::get<1>(std::move(state_)); }

  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using ValueType = void;

  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  void value() const {}
  const Error& error() const& { return *error_; }
  Error error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace kafka_iceberg

// Yields the value of a Result, or returns its Error from the enclosing function.
#define TRY(expression)                                                                           \
  __extension__({                                                                                 \
    _Pragma("GCC diagnostic push")                                                                \
        _Pragma("GCC diagnostic ignored \"-Wshadow\"") /* TRY may nest */                         \
        auto&& try_result = (expression);                                                         \
    _Pragma("GCC diagnostic pop") if (!try_result.ok()) [[unlikely]] return std::move(try_result) \
        .error();                                                                                 \
    std::move(try_result).value();                                                                \
  })

// Result<T> and Status: how every expected failure travels. No exceptions of ours, none across a callback.
//
// An Error already says who can mend it (FailureType, Airbyte's three words for TRACE ERROR), what the user
// reads
// (`message`) and what an engineer reads (`internal`). Neither ever holds a record's value, a key's value or
// a credential, nor text that a server sent (a server can echo the request). Values; any thread.
#pragma once

#include <cassert>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/stream_id.h"

namespace ddb {

// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#airbytetracemessage
enum class FailureType { kConfig, kTransient, kSystem };

struct Error {
  FailureType type = FailureType::kSystem;
  std::string message;             // a user's sentence: what, where, what to do
  std::string internal;            // the cause, for an engineer
  std::optional<StreamId> stream;  // where known
  std::string trail;               // places it passed, innermost first, one a line

  Error&& At(std::string_view place) && {
    trail.append(trail.empty() ? "" : "\n").append(place);
    return std::move(*this);
  }
  Error&& For(StreamId id) && {
    if (!stream && !id.name.empty()) stream = std::move(id);  // a table of no stream has none
    return std::move(*this);
  }
};

// `internal` is the message where that says the cause already. The trail begins where the error is made:
// "catalog.cc:20 ReadMode".
Error MakeError(FailureType type, std::string message, std::string internal, std::source_location where);
inline Error ConfigError(std::string message, std::string internal = {},
                         std::source_location where = std::source_location::current()) {
  return MakeError(FailureType::kConfig, std::move(message), std::move(internal), where);
}
inline Error TransientError(std::string message, std::string internal = {},
                            std::source_location where = std::source_location::current()) {
  return MakeError(FailureType::kTransient, std::move(message), std::move(internal), where);
}
inline Error SystemError(std::string message, std::string internal = {},
                         std::source_location where = std::source_location::current()) {
  return MakeError(FailureType::kSystem, std::move(message), std::move(internal), where);
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;
inline Status Ok() { return {}; }

}  // namespace ddb

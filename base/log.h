#pragma once
// Idea: messages go to a callback; only the command line writes to stderr. Embedded, nothing is
// printed.
// Source: own.
// Guarantees: nothing is printed here.
#include <functional>
#include <string>
#include <utility>

#include "base/floors.h"

namespace clipbound::base {

/// Where messages go, and how many. A copy shares the callback; safe from many threads where the
/// callback is.
class Log {
 public:
  using Sink = std::function<void(int level, const std::string& message)>;

  /// Says nothing.
  Log() = default;
  /// Passes on messages of `level` and below: 0 errors and warnings, 1 stages, 2 details, 3
  /// everything.
  Log(int level, Sink sink) : level_(level), sink_(std::move(sink)) {}

  /// True where a message of this level would be heard: ask before building an expensive one.
  bool wants(int level) const noexcept { return sink_ && level <= level_; }
  /// Passes the message on where it is wanted.
  void say(int level, const std::string& message) const {
    if (wants(level)) sink_(level, message);
  }

 private:
  int level_ = 0;
  Sink sink_;
};

}  // namespace clipbound::base

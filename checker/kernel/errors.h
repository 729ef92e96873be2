#pragma once
// Idea: the two ways in which a check ends without `verified`.
// Source: own.
// Guarantees: none.
#include <stdexcept>
#include <string>

namespace clipcheck {

/// A file cannot be read: damaged, of another version, or with something that is not supported.
struct Unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// A record does not prove what it has to.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace clipcheck

#pragma once
// The three ways in which Clipbound says no. Nothing else is thrown on purpose.
#include <stdexcept>
#include <string>

namespace clipbound {

/// What the user gave cannot be read: the message names file, line and column or node. Exit code 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the user gave is well formed, but is not supported: the message names the construct, node and opset. Exit code 3.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An internal check failed: a bug of ours, never a verdict. Exit code 4.
class ContractError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace clipbound

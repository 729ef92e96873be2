#pragma once
// Idea: the three ways in which Clipbound says no. Nothing else is thrown on purpose
// (std::bad_alloc may be).
// Source: own.
// Guarantees: messages name file, line and column, or node and opset.
#include <stdexcept>

/// Marks what a shared library of Clipbound shows; everything else is hidden.
#if defined(__GNUC__)
#define CLIPBOUND_API __attribute__((visibility("default")))
#else
#define CLIPBOUND_API
#endif

namespace clipbound {

/// What the user gave cannot be read: the message names file, line and column or node. Exit code 2.
class CLIPBOUND_API InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the user gave is well formed, but is not supported: the message names the construct, node
/// and opset. Exit code 3.
class CLIPBOUND_API Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An internal check failed: a bug of ours, never a verdict. Exit code 4.
class CLIPBOUND_API ContractError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace clipbound

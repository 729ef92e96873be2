#pragma once
// The tests' own idea of what a VNN-LIB 2 file means: recursive descent to a tree, evaluated over
// rationals at a point. Slow and short; it shares no code with the reader under test. It takes some
// things that the standard does not (exponents, `=`, blanks within brackets) and does not look at
// types: what it refuses has no meaning at all.
#include <gmpxx.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace meaning {

/// Thrown for what has no meaning.
struct Meaningless : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Thrown for what would take too long to evaluate.
struct TooLarge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct JointTensor {
  std::string name;
  bool input = false;
  std::vector<mpz_class> dims;
  mpz_class count = 1, first = 0;  ///< first: number among all X, or among all Y
};

struct JointNetwork {
  std::string name, like;
  std::vector<JointTensor> tensors;
};

/// A formula or a term: an operator with children, or a leaf.
struct JointNode {
  std::string operation;  ///< "number" and "element" for leaves
  mpq_class number;
  bool input = false;
  std::size_t element = 0;
  std::vector<JointNode> children;
};

struct JointFile {
  std::vector<JointNetwork> networks;
  std::vector<JointNode> assertions;
  std::vector<mpq_class> numbers;  ///< all that are in it, for points on edges
  mpz_class inputs = 0, outputs = 0;
};

/// Throws Meaningless, or TooLarge.
JointFile read_joint(const std::string& text);

/// Whether all assertions hold.
bool all_hold(const JointFile& file, const std::vector<mpq_class>& x,
              const std::vector<mpq_class>& y);

}  // namespace meaning

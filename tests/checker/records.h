#pragma once
// Idea: a certificate's records as a structure that tests can change and write again.
// Source: docs/certificate.md, "Bytes".
// Guarantees: write(parse(s)) is s for whatever follows the grammar; std::runtime_error else.
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/checker/claims.h"

namespace clipcheck {

struct Mult {
  std::uint64_t constraint;
  float value;
};
using Mults = std::vector<Mult>;

/// One record that is neither a leaf nor a split.
struct Step {
  char tag = 'I';
  std::uint64_t layer = 0, constraint = 0;  ///< constraint: of e
  std::uint8_t form = 2;
  struct Slope {
    std::uint64_t skip;
    float value;
    std::uint16_t half;
  };
  std::vector<Slope> slopes = {};
  struct Bound {
    std::uint64_t neuron;
    std::uint8_t upper;
    Mults mults;
  };
  std::vector<Bound> bounds = {};
  Mults mults = {};
  std::uint64_t longer = 0;  ///< of J: added to the length
};

struct Tree {
  std::vector<Step> steps;
  char end = 'L';  ///< L, O, X, N; 0: missing
  Mults mults;
  std::uint64_t input = 0, layer = 0, neuron = 0;
  double at = 0.0;
  std::unique_ptr<Tree> first, second;

  Tree() = default;
  Tree(const Tree& other);
  Tree(Tree&&) = default;
  Tree& operator=(Tree&&) = default;
  Tree& operator=(const Tree& other) { return *this = Tree(other); }
  ~Tree() = default;
};

struct ClauseText {
  std::vector<double> edges;  ///< lower and upper of each input
  struct RowText {
    std::uint8_t strict;
    std::vector<std::pair<std::uint64_t, double>> terms;
    double threshold;
  };
  std::vector<RowText> rows;
  Tree tree;
};

struct Records {
  char claim = 'R', end = 'Z';
  std::vector<std::uint8_t> network, property;  ///< hashes
  std::vector<std::uint64_t> sizes;             ///< inputs, outputs, layers, each layer's
  std::uint64_t clause_count = 0;
  std::vector<ClauseText> clauses;
};

Records parse(const std::vector<std::uint8_t>& stream);
Writer write(const Tree& tree);
Writer write(const Records& records);

/// Calls visit(tree, parent) for the tree and all below it.
template <class Visit>
void walk(Tree& tree, const Visit& visit, Tree* parent = nullptr) {
  visit(tree, parent);
  for (Tree* side : {tree.first.get(), tree.second.get()})
    if (side != nullptr) walk(*side, visit, &tree);
}

/// The bytes of a file with these records: blocks, checksums, SHA-256.
std::string file_of(const std::vector<std::uint8_t>& stream, std::size_t block = 1 << 16);
/// The records of a file; Unreadable where it is damaged.
std::vector<std::uint8_t> stream_of(const std::string& path);

}  // namespace clipcheck

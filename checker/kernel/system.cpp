// Idea: the rows of a group lie one after the other in one array.
// Source: own.
// Guarantees: see the header.
#include "checker/kernel/system.h"

#include <limits>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/errors.h"

namespace clipcheck {

namespace {

Index grown(Index size, std::size_t more) {
  if (more >= std::numeric_limits<Index>::max() - size)
    throw Unreadable("the network is too large");
  return size + static_cast<Index>(more);
}

}  // namespace

Index System::add_affine(const std::vector<AffineRow>& rows) {
  Group group{.first = size_, .count = static_cast<Index>(rows.size()), .begin = {0}};
  bool has_radii = false;
  for (const AffineRow& row : rows) has_radii = has_radii || !row.radii.empty();
  for (const AffineRow& row : rows) {
    char run = 1;
    for (std::size_t k = 0; k < row.elements.size(); ++k) {
      if (row.elements[k] >= size_) throw Unreadable("an element is read before it is computed");
      if (row.elements[k] != row.elements[0] + k) run = 0;
    }
    group.elements.insert(group.elements.end(), row.elements.begin(), row.elements.end());
    group.values.insert(group.values.end(), row.values.begin(), row.values.end());
    if (has_radii) {
      group.radii.insert(group.radii.end(), row.radii.begin(), row.radii.end());
      group.radii.resize(group.values.size(), 0.0);
    }
    group.begin.push_back(group.values.size());
    group.bias.push_back(row.bias);
    group.run.push_back(run);
  }
  size_ = grown(size_, rows.size());
  groups_.push_back(std::move(group));
  return groups_.back().first;
}

Index System::add_neurons(const std::vector<Index>& pre, double negative, double positive) {
  Group group{
      .kind = Group::Kind::neurons, .first = size_, .count = static_cast<Index>(pre.size())};
  group.pre = pre;
  for (const Index z : pre)
    if (z >= size_) throw Unreadable("an element is read before it is computed");
  group.negative = negative;
  group.positive = positive;
  group.layer = layers_.size();
  group.first_neuron = neurons_;
  layers_.push_back(groups_.size());
  neurons_ += pre.size();
  size_ = grown(size_, pre.size());
  groups_.push_back(std::move(group));
  return groups_.back().first;
}

bool System::add_to_bias(const std::vector<Index>& elements, const std::vector<mpq_class>& more) {
  if (groups_.empty() || groups_.back().kind != Group::Kind::affine) return false;
  Group& group = groups_.back();
  if (elements.size() != group.count) return false;
  for (Index k = 0; k < group.count; ++k)
    if (elements[k] != group.first + k) return false;
  for (Index k = 0; k < group.count; ++k) group.bias[k] += more[k];
  return true;
}

void System::seal() {
  for (Group& group : groups_) {
    for (const mpq_class& bias : group.bias) {
      group.bias_low.push_back(down(bias));
      group.bias_high.push_back(up(bias));
    }
  }
}

}  // namespace clipcheck

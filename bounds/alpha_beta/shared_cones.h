#pragma once
// Idea: how many rows share a cone. Finding one takes about as long as a substitution, and
//   neighbours may all depend on the same elements: then one cone for all of them; else each batch
//   is better off with its own, smaller one. Tried on rows in the middle of the order.
// Source: own.
// Guarantees: none needed: any cone that contains its rows will do (S6).
#include <cstdint>
#include <vector>

#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

/// All rows, in order.
std::vector<std::int64_t> all_of(const SparseNetworkRows& rows);
/// Entries first .. first + count - 1, as far as there are any.
std::vector<std::int64_t> part_of(const std::vector<std::int64_t>& order, std::size_t first,
                                  std::size_t count);
/// Neurons in an order in which neighbours depend on about the same elements (channels of one
/// pixel, pixels side by side).
std::vector<std::int64_t> by_dependency(const SparseNetwork& network, const AffineForm& form,
                                        const std::vector<std::int64_t>& neurons);

/// Rows in their order, cut into groups of at most `most` batches of so many rows. For several
/// threads the last groups are smaller (guided self-scheduling, Polychronopoulos and Kuck, 1987;
/// decision 69).
class Groups {
 public:
  Groups(const std::vector<std::int64_t>& order, std::size_t batch, std::size_t most, int threads);
  std::size_t count() const { return begins_.size() - 1; }
  std::vector<std::int64_t> part(std::size_t k) const {
    return part_of(order_, begins_[k], begins_[k + 1] - begins_[k]);
  }

 private:
  const std::vector<std::int64_t>& order_;
  std::vector<std::size_t> begins_{0};
};

/// Multiplications of one substitution on the cone of `count` rows, about.
double work_of_rows(const SparseNetwork& network, const AffineForm& form,
                    const std::vector<std::int64_t>& order, std::size_t count);
/// Batches of kLanes rows, each bounded from both sides with `iterations` of its slopes.
std::size_t batches_per_cone(const SparseNetwork& network, const AffineForm& form,
                             const std::vector<std::int64_t>& order, int iterations);
/// Rows of CrownRows, a multiple of its kRows; 0 where batches of kLanes are faster.
std::size_t crown_rows_per_cone(const SparseNetwork& network, const AffineForm& form,
                                const std::vector<std::int64_t>& order, int threads);

}  // namespace clipbound::bounds

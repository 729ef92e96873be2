#include "solver/search/share.h"

#include <cmath>
#include <limits>

namespace clipbound::solver {

double share_of_depth(std::uint32_t depth) {
  return depth > 1074 ? 0.0 : std::ldexp(1.0, -static_cast<int>(depth));
}

void ShareSum::add(const ShareSum& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size(), 0);
  for (std::size_t d = 0; d < other.counts_.size(); ++d) counts_[d] += other.counts_[d];
}

ShareSum::Is ShareSum::sum_is() const {
  // Two shares of one depth are one of the depth above: carried from the deepest upwards, a share
  // that finds no second one is a rest, less than 1.
  std::uint64_t carried = 0;
  bool rest = false;
  for (std::size_t d = counts_.size(); d-- > 0;) {
    if (counts_[d] > std::numeric_limits<std::uint64_t>::max() - carried) return Is::more;
    const std::uint64_t here = counts_[d] + carried;
    if (d == 0) return here == 0 ? Is::less : here > 1 || rest ? Is::more : Is::one;
    rest = rest || here % 2 != 0;
    carried = here / 2;
  }
  return Is::less;
}

std::optional<ShareSum> ShareSum::without(const ShareSum& other) const {
  ShareSum rest = *this;
  if (other.counts_.size() > counts_.size()) return std::nullopt;
  for (std::size_t d = 0; d < other.counts_.size(); ++d) {
    if (rest.counts_[d] < other.counts_[d]) return std::nullopt;
    rest.counts_[d] -= other.counts_[d];
  }
  while (!rest.counts_.empty() && rest.counts_.back() == 0) rest.counts_.pop_back();
  return rest;
}

bool ShareSum::is_one() const {
  const Is is = sum_is();
  CLIPBOUND_CHECK_NOTE(is != Is::more, "closed shares add up to more than a clause");
  return is == Is::one;
}

double ShareSum::value() const {
  double sum = 0.0;
  for (std::size_t d = counts_.size(); d-- > 0;)
    sum += static_cast<double>(counts_[d]) * share_of_depth(static_cast<std::uint32_t>(d));
  return sum;
}

}  // namespace clipbound::solver

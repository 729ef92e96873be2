#pragma once
// Idea: the box of the case at hand, while the normal form goes through the cases.
// Source: own.
// Guarantees: equal boxes are handed out as one object.
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "specs/query/query.h"

namespace clipbound::specs {

/// The box of the current case, with an undo list and a pool of the boxes that were handed out.
class BoxState {
 public:
  explicit BoxState(std::size_t inputs)
      : box_(inputs), unbounded_(static_cast<std::int64_t>(2 * inputs)) {}

  /// Before any bound: these inputs need none.
  void exempt(std::size_t begin, std::size_t end);

  /// From here on every change can be undone.
  void start_recording() { recording_ = true; }
  std::size_t mark() const { return trail_.size(); }
  void undo(std::size_t mark);
  /// Intersects with `bound`; false where the interval becomes empty.
  bool tighten(std::uint32_t input, const InputInterval& bound);
  const InputInterval& operator[](std::uint32_t input) const { return box_[input]; }
  bool bounded() const { return unbounded_ == 0; }
  std::uint32_t first_unbounded() const;
  /// The current box; equal boxes are one object. `added_bytes` grows where a new one had to be
  /// made.
  std::shared_ptr<const Box> shared(std::size_t& added_bytes);

 private:
  struct Change {
    std::uint32_t input;
    InputInterval before;
  };
  std::shared_ptr<const Box> make(std::size_t& added_bytes);
  std::int64_t unbounded_sides(std::uint32_t input, const InputInterval& interval) const;

  Box box_;
  Box base_;                  // as it was when recording began; filled at the first change
  std::vector<bool> exempt_;  // empty: none
  std::int64_t unbounded_;
  bool recording_ = false;
  std::vector<Change> trail_;
  std::shared_ptr<const Box> current_;  // of the present state, where known
  std::shared_ptr<const Box> base_box_;
  std::unordered_multimap<std::uint64_t, std::shared_ptr<const Box>> pool_;
};

}  // namespace clipbound::specs

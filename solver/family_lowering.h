#pragma once
// Idea: which boxes share a lowered network, and the lowering itself, by the plan for them.
// Source: own; families are box_families.h's.
// Guarantees: a lowering holds on every box of its family (S1, S10).
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "bounds/crown/crown_bounder.h"
#include "bounds/lowering/undefined_reach.h"
#include "solver/box_families.h"
#include "solver/search/search_context.h"
#include "solver/strategy.h"
#include "specs/network/network.h"
#include "specs/query/input_ball.h"

namespace clipbound::solver {

/// group_by_box() without the clauses that an earlier process has refuted.
std::vector<BoxGroup> open_groups(const Query& query, const SearchContext& context);

/// Lowers a network for families of boxes.
class FamilyLowering {
 public:
  /// `network` is the simplified one; `undefined_reach` of all clauses, or nullptr; `ball`: the
  /// query's.
  FamilyLowering(std::shared_ptr<const Network> network,
                 std::shared_ptr<const UndefinedReach> undefined_reach,
                 std::shared_ptr<const InputBall> ball, const SearchContext& context)
      : network_(std::move(network)),
        reach_(std::move(undefined_reach)),
        ball_(std::move(ball)),
        context_(context) {}
  /// For the family's hull, as planned. Throws LoweringInterrupted where the deadline comes.
  std::shared_ptr<const CrownBounder> lower(const BoxFamily& family) const {
    return lower(family, false);
  }
  /// The same of one box of a large network in which few inputs vary, bounded by zonotopes; nullptr
  /// of others, and where the deadline comes.
  std::shared_ptr<const CrownBounder> lower_with_zonotopes(const LayeredSystem& system,
                                                           const BoxFamily& box) const;

 private:
  std::shared_ptr<const CrownBounder> lower(const BoxFamily& family, bool zonotopes) const;

  std::shared_ptr<const Network> network_;
  std::shared_ptr<const UndefinedReach> reach_;
  std::shared_ptr<const InputBall> ball_;
  const SearchContext& context_;
};

/// A family whose lowering is made by the first of its boxes and kept until the last is bounded.
/// Safe from many threads.
class LoweredFamily {
 public:
  explicit LoweredFamily(BoxFamily family, std::shared_ptr<const CrownBounder> bounder = nullptr)
      : family_(std::move(family)), bounder_(std::move(bounder)), open_(family_.groups.size()) {}
  const BoxFamily& family() const { return family_; }
  std::shared_ptr<const CrownBounder> bounder(const FamilyLowering& lowering) {
    std::call_once(once_, [&] {
      if (bounder_ == nullptr) bounder_ = lowering.lower(family_);
    });
    return bounder_;
  }
  /// To be called once per box; open clauses keep of the lowering what they need.
  void box_is_bounded() {
    if (open_.fetch_sub(1) == 1) bounder_.reset();
  }

 private:
  const BoxFamily family_;
  std::once_flag once_;
  std::shared_ptr<const CrownBounder> bounder_;
  std::atomic<std::size_t> open_;
};

}  // namespace clipbound::solver

#include "solver/family_lowering.h"

#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"

namespace clipbound::solver {

std::vector<BoxGroup> open_groups(const Query& query, const SearchContext& context) {
  std::vector<BoxGroup> groups = group_by_box(query, context.judge.input_type());
  if (context.keeper == nullptr) return groups;
  for (BoxGroup& group : groups) {
    std::erase_if(group.clauses, [&](std::size_t k) {
      if (!context.keeper->was_refuted(query.clauses[k])) return false;
      context.keep_refuted(query.clauses[k]);
      return true;
    });
  }
  std::erase_if(groups, [](const BoxGroup& group) { return group.clauses.empty(); });
  return groups;
}

namespace {

std::string describe_twins(const LayeredSystem& system, bool wanted) {
  if (!wanted) return "differences: none looked for - --difference off";
  std::int64_t pairs = 0;
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    for (const std::int64_t first : system.twins_of(k)) pairs += first >= 0 ? 1 : 0;
  }
  if (pairs == 0) return "differences: none - no two copies of one network";
  return "differences: of " + std::to_string(pairs) +
         " pairs of neurons - two copies of one network, with nearly the same weights";
}

}  // namespace

std::shared_ptr<const CrownBounder> FamilyLowering::lower(const BoxFamily& family,
                                                          bool zonotopes) const {
  const BoxFeatures hull{varying_inputs(family.lower, family.upper).size()};
  LoweringOptions options;
  options.undefined_reach = reach_.get();
  options.ball = ball_;
  options.deadline = &context_.deadline;
  options.zonotopes = zonotopes;
  options.differences = difference_of(context_.options) == DifferenceOption::auto_;
  const auto lowered = [&](ProductForm products) {
    return std::make_shared<const LayeredSystem>(
        lower_network(*network_, family.lower, family.upper, products, options));
  };
  Plan plan = plan_for({}, hull, context_.options);
  const ProductForm first = plan.products.value;
  std::shared_ptr<const LayeredSystem> system = lowered(first);
  const NetworkFeatures network = features_of(*system);
  // Only a lowering tells whether products should have been pairs (strategy.h).
  plan = plan_for(network, hull, context_.options);
  if (plan.products.value == ProductForm::pairs && first != ProductForm::pairs)
    system = lowered(ProductForm::pairs);
  if (context_.options.explain) {
    const std::string boxes = "plan for " + std::to_string(family.groups.size()) + " boxes: ";
    for (const std::string& line : explain(plan, network, hull, context_.options))
      context_.say(0, boxes + line);
    context_.say(0, boxes + describe_twins(*system, options.differences));
  }
  return std::make_shared<const CrownBounder>(std::move(system));
}

std::shared_ptr<const CrownBounder> FamilyLowering::lower_with_zonotopes(
    const LayeredSystem& system, const BoxFamily& box) const {
  if (!bounds::suits_zonotopes(system, box.lower, box.upper) || context_.deadline.expired())
    return nullptr;
  try {
    return lower(box, true);
  } catch (const bounds::LoweringInterrupted&) {
    return nullptr;
  }
}

}  // namespace clipbound::solver

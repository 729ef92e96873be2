#include "solver/family_lowering.h"
#include <cstdlib>

#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"

namespace clipbound::solver {

std::shared_ptr<const CrownBounder> FamilyLowering::lower(const BoxFamily& family) const {
  const BoxFeatures hull{varying_inputs(family.lower, family.upper).size()};
  LoweringOptions options;
  options.undefined_reach = reach_.get();
  options.deadline = &context_.deadline;
  options.differences = std::getenv("NODIFF") == nullptr;
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
  }
  return std::make_shared<const CrownBounder>(std::move(system));
}

}  // namespace clipbound::solver

#include "specs/simplify/simplify.h"

#include "specs/simplify/passes.h"

namespace clipbound::specs {

Simplified simplify(std::shared_ptr<const Network> network) {
  struct Pass {
    const char* name;
    std::string (*apply)(Network&);
  };
  constexpr Pass kPasses[] = {{"fold_constants", fold_constants},
                              {"drop_identity", drop_identity},
                              {"skip_monotone", skip_monotone},
                              {"delay_factors", delay_factors},
                              {"drop_dead", drop_dead}};
  Simplified simplified;
  auto rewritten = std::make_shared<Network>(*network);
  for (const Pass& pass : kPasses) {
    std::string what = pass.apply(*rewritten);
    if (!what.empty()) simplified.records.push_back({pass.name, std::move(what)});
  }
  rewritten->validate();
  simplified.network = simplified.records.empty() ? std::move(network) : std::move(rewritten);
  return simplified;
}

}  // namespace clipbound::specs

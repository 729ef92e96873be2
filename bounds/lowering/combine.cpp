#include "bounds/lowering/combine.h"

#include <cmath>

namespace clipbound::bounds {

AffineForm combine(const LowerContext& context, const std::vector<const AffineForm*>& forms,
                   const std::vector<double>& weights, const std::vector<double>& offset) {
  const std::int64_t size = forms.at(0)->size();
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < forms.size(); ++k)
      terms.push_back({static_cast<std::int32_t>(k), i, weights[k]});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map(
      forms, begin, terms,
      offset.empty() ? std::vector<double>(static_cast<std::size_t>(size), 0.0) : offset,
      context.magnitudes());
}

void charge_weights(const LowerContext& context, AffineForm& form, double relative) {
  for (std::size_t i = 0; i < form.constant.size(); ++i) {
    double size = std::fabs(form.constant[i]) + form.radius[i];
    for (const auto& [source, rows] : form.terms) {
      const auto index = rows.indices(static_cast<std::int64_t>(i));
      const auto value = rows.values(static_cast<std::int64_t>(i));
      const std::vector<double>& magnitude = context.magnitudes().at(source);
      for (std::size_t j = 0; j < index.size(); ++j)
        size += std::fabs(value[j]) * magnitude[static_cast<std::size_t>(index[j])];
    }
    form.radius[i] = (form.radius[i] + relative * size) * (1.0 + 0x1p-30) + 0x1p-1000;
  }
}

}  // namespace clipbound::bounds

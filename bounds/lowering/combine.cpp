#include "bounds/lowering/combine.h"

#include <cmath>

#include "bounds/layered/structured_map.h"
#include "bounds/layered/weighted_sum.h"

namespace clipbound::bounds {

AffineForm combine(const LowerContext& context, const std::vector<const AffineForm*>& forms,
                   const std::vector<double>& weights, const std::vector<double>& offset) {
  return weighted_sum(forms, weights,
                      offset.empty() ? std::vector<double>(forms.at(0)->constant.size()) : offset,
                      context.magnitudes());
}

void charge_weights(const LowerContext& context, AffineForm& form, double relative) {
  const std::vector<double> structured = structured_sizes(form, context.magnitudes());
  for (std::size_t i = 0; i < form.constant.size(); ++i) {
    double size = std::fabs(form.constant[i]) + form.radius[i] + structured[i];
    for (const auto& [source, coefficients] : form.terms) {
      if (coefficients.structure() != nullptr) continue;
      const SparseRows& rows = coefficients.written();
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

#include "bounds/layered/underflow.h"

#include <algorithm>
#include <cmath>

#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

std::vector<double> underflow_of_layers(const std::vector<AffineForm>& layers,
                                        const std::vector<Activation>& activations) {
  std::vector<double> losses;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const Curve curve = activations[k].curve;
    double loss = 0.0;
    if (is_smooth(curve)) {
      loss = kUnderflow;
    } else if (!has_jumps(curve)) {
      // A ReLU makes no difference larger.
      for (std::int64_t i = 0; i < layers[k].size(); ++i)
        loss = std::max(loss, underflow_of(layers[k], i, losses));
    }
    losses.push_back(loss);
  }
  return losses;
}

double underflow_of(const AffineForm& form, std::int64_t i, const std::vector<double>& of_layers) {
  double sum = 0.0;
  for (const auto& [source, coefficients] : form.terms) {
    if (source < 0 || of_layers[static_cast<std::size_t>(source)] == 0.0) continue;
    RowReader reader(coefficients);
    for (const double value : reader.row(i).value)
      sum += std::fabs(value) * of_layers[static_cast<std::size_t>(source)];
  }
  return sum * (1.0 + 0x1p-20);
}

}  // namespace clipbound::bounds

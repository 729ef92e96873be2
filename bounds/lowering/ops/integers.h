#pragma once
// Idea: forms whose values are integers at every point: counts, indices, truth values. Their
// intervals end at integers, and functions of integers that are not linear in real numbers often
// are where only two values are left.
// Source: own.
// Guarantees: exact for integers; for other numbers both values at a tie (S1, S3).
#include <optional>

#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// Which elements of a value of the network are integers at every point of the box, as far as
/// is easily seen.
std::vector<char> integer_elements(const LowerContext& context, ValueId id, const AffineForm& form);

/// [size] 1 where d is 0, else 0. `integer`: which elements of d are integers. Of others next to
/// nothing is known while their interval holds 0. Cases may decide them where `steps` are given:
/// see steps.h.
AffineForm is_zero(LowerContext& context, const AffineForm& d, const std::vector<char>& integer,
                   const std::optional<StepId>& steps = std::nullopt);
/// [size] 1 where d > 0, 0 where d < 0; where d is 0, 0 for integers and either for others.
AffineForm is_positive(LowerContext& context, const AffineForm& d, const std::vector<char>& integer,
                       const std::optional<StepId>& steps = std::nullopt);
/// Indices as numbers: each is the only whole one in its interval. Throws Unsupported where there
/// are several.
std::vector<double> known_integers(LowerContext& context, ValueId id);
/// max(d, 0) of integers.
AffineForm positive_part(LowerContext& context, const AffineForm& d);

}  // namespace clipbound::bounds

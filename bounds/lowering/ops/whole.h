#pragma once
// Forms whose values are whole numbers at every point: counts, indices, truth values. Their
// intervals end at whole numbers, and functions of whole numbers that are not linear in real ones
// often are where only two values are left.
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// Which elements of a value of the network are whole numbers at every point of the box, as far as
/// is easily seen.
std::vector<char> whole_elements(const LowerContext& context, ValueId id, const AffineForm& form);

/// [size] 1 where d is 0, else 0. `whole`: which elements of d are whole numbers. Of others next to
/// nothing is known while their interval holds 0.
AffineForm is_zero(const LowerContext& context, const AffineForm& d,
                   const std::vector<char>& whole);
/// [size] 1 where d > 0, 0 where d < 0; where d is 0, 0 for whole numbers and either for others.
AffineForm is_positive(const LowerContext& context, const AffineForm& d,
                       const std::vector<char>& whole);
/// max(d, 0) of whole numbers.
AffineForm positive_part(const LowerContext& context, const AffineForm& d);

}  // namespace clipbound::bounds

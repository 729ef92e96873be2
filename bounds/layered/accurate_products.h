#pragma once
// Idea: one column through a convolution as if in twice the precision: what is wrong in the middle of
// thin boxes is multiplied by every layer behind.
// Source: Dot2 (Ogita, Rump and Oishi 2005).
// Guarantees: off by at most u |W x| + gamma_(n + 2)^2 |W| |x| and 2^-1000 in each element, n the
// longest row; any element that is not finite claims nothing.
#include <vector>

#include "bounds/layered/convolution_map.h"

namespace clipbound::bounds {

/// W x for x [columns()].
std::vector<double> apply_accurately(const ConvolutionMap& map, const std::vector<double>& x);

}  // namespace clipbound::bounds

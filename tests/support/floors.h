#pragma once
// Tests and micro-benchmarks see the names of all floors.
#include "base/floors.h"

namespace clipbound {
namespace test {
using namespace base;
using namespace specs;
using namespace bounds;
using namespace solver;
}  // namespace test
namespace reference {
using namespace base;
using namespace bounds;
}  // namespace reference
namespace micro {
using namespace base;
using namespace specs;
using namespace bounds;
using namespace solver;
}  // namespace micro
}  // namespace clipbound

// The reader of VNN-LIB files, 1.0 and 2, with limits that a fuzzer can reach.
#include <vector>

#include "specs/vnnlib/vnnlib.h"
#include "tests/fuzz/target.h"

namespace {

/// Reads, and evaluates a formula of a VNN-LIB 2 file at one point.
void read(const std::string& text) {
  using namespace clipbound::specs;
  VnnlibLimits limits;
  limits.max_clauses = 1000;
  limits.max_form_bytes = std::size_t{16} << 20;
  const JointQuery joint = parse_joint_query(text, "fuzz.vnnlib", limits);
  if (joint.formula == nullptr || joint.tensor_outputs() > 1'000'000) return;
  const std::vector<double> x(static_cast<std::size_t>(joint.query.input_size), 0.5),
      y(static_cast<std::size_t>(joint.tensor_outputs()), -0.25);
  holds_exactly(*joint.formula, x, y);
  holds_in(*joint.formula, DataType::float32, x, y);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  clipbound::fuzz::may_refuse([&] { read(clipbound::fuzz::text_of(data, size)); });
  return 0;
}

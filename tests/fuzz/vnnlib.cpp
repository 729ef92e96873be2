// The reader of VNN-LIB files, with limits that a fuzzer can reach.
#include "specs/vnnlib/vnnlib.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  clipbound::specs::VnnlibLimits limits;
  limits.max_clauses = 1000;
  limits.max_form_bytes = std::size_t{16} << 20;
  clipbound::fuzz::may_refuse([&] {
    clipbound::specs::parse_vnnlib(clipbound::fuzz::text_of(data, size), "fuzz.vnnlib", limits);
  });
  return 0;
}

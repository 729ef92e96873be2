// The reader of ONNX files, and the passes that simplify what it read.
#include "specs/network/network.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/simplify/simplify.h"
#include "tests/fuzz/target.h"

namespace {

/// Elements of all values: shapes that fit may still be larger than a fuzzer has time for.
std::int64_t size_of(const clipbound::specs::Network& network) {
  std::int64_t size = 0;
  for (const clipbound::specs::Value& value : network.values)
    size += clipbound::specs::element_count(value.shape);
  return size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  clipbound::fuzz::may_refuse([&] {
    auto network = std::make_shared<const clipbound::specs::Network>(
        clipbound::specs::parse_onnx(clipbound::fuzz::text_of(data, size), "fuzz.onnx"));
    if (size_of(*network) < 100'000) clipbound::specs::simplify(network);
  });
  return 0;
}

#include "tests/hunt/hunted.h"

#include "tests/hunt/onnx_file.h"
#include "tests/hunt/planted.h"

namespace clipbound::test {

std::optional<Hunted> hunted(std::uint64_t seed) {
  try {
    Dice dice(seed);
    const std::optional<Planted> planted = plant(dice);
    if (!planted) return std::nullopt;
    return Hunted{onnx_file(*planted->network), planted->property.text()};
  } catch (const Refused&) {
    return std::nullopt;
  }
}

}  // namespace clipbound::test

#include "tests/hunt/attempt.h"

#include <cstdio>

#include "base/error.h"
#include "tests/hunt/rewrite.h"

namespace clipbound::test {

namespace {

/// Parts of the box: all of it, then twice a smaller one about the point.
constexpr int kParts = 3;
constexpr Attempt::Check kChecks[] = {Attempt::layers, Attempt::lanes, Attempt::verdicts,
                                      Attempt::verdicts};

void check(const Attempt& attempt, const Planted& planted, double seconds, Tally& tally) {
  Dice dice(attempt.dice);
  switch (attempt.check) {
    case Attempt::layers: return check_layers(dice, planted, tally);
    case Attempt::lanes: return check_lanes(dice, planted, tally);
    default: return check_verdicts(dice, planted, seconds, tally);
  }
}

/// Seeds that have nothing to do with each other (the finaliser of splitmix64).
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

std::optional<Finding> try_seed(std::uint64_t seed, const AttemptOptions& options, Tally& tally) {
  Dice dice(seed);
  std::optional<Planted> planted = plant(dice);
  if (!planted) return std::nullopt;
  ++tally.networks;
  for (int part = 0; part < kParts; ++part) {
    if (part > 0) planted = near_the_point(dice, *planted);
    if (options.verbose) std::printf("%s", describe(*planted).c_str());
    for (const Attempt::Check& kind : kChecks) {
      const auto number = static_cast<std::uint64_t>(10 * part + (&kind - kChecks));
      const Attempt attempt{kind, mixed(seed + mixed(number)), *planted};
      try {
        check(attempt, *planted, options.seconds, tally);
      } catch (const std::exception& error) {
        return Finding{error.what(), attempt};
      }
    }
  }
  return std::nullopt;
}

std::string try_again(const Attempt& attempt, const Planted& planted,
                      const AttemptOptions& options) {
  Tally tally;
  for (std::uint64_t more = 0; more < 4; ++more) {
    Attempt again{attempt.check, attempt.dice + more, {}};
    try {
      check(again, planted, options.seconds, tally);
    } catch (const Refused&) {
    } catch (const Unsupported&) {
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  return "";
}

std::string describe(const Planted& planted) {
  std::string text = code_of(*planted.network) + planted.property.text() + "x = {";
  for (const double v : planted.x) {
    char number[40];
    std::snprintf(number, sizeof number, "%s%.17g", text.back() == '{' ? "" : ", ", v);
    text += number;
  }
  return text + "}\n";
}

}  // namespace clipbound::test

#pragma once
// Idea:       a test that could go on for long does a part of it by default, chosen so that each kind of
//             case is in it, and says what it left out; with CLIPBOUND_THOROUGH=1, as scripts/check
//             sets it, it does everything.
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace clipbound::test {

inline bool thorough() {
  const char* value = std::getenv("CLIPBOUND_THOROUGH");
  return value != nullptr && std::string_view(value) != "" && std::string_view(value) != "0";
}

/// What a test takes of something: `usual`, or `most` in a thorough run, which is said.
template <typename T>
T amount(const char* what, T usual, T most) {
  if (thorough()) return most;
  std::cout << what << ": " << usual << "; CLIPBOUND_THOROUGH=1 takes " << most << std::endl;
  return usual;
}

}  // namespace clipbound::test

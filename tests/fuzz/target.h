#pragma once
// A reader of other people's files under fuzzing: it may say no, and nothing else.
//
// libFuzzer calls LLVMFuzzerTestOneInput with files that it makes up; replay.cpp calls it with the
// files of a corpus, in every test run. What is no InputError or Unsupported (a ContractError,
// std::bad_alloc, a crash, a hang) is a bug.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace clipbound::fuzz {

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Calls what reads; refusing is fine.
template <class Reader>
void may_refuse(const Reader& reader) {
  try {
    reader();
  } catch (const InputError&) {
  } catch (const Unsupported&) {
  }
}

}  // namespace clipbound::fuzz

#pragma once
// Idea: CHECK is on in every build: a verifier that runs on after a broken invariant may lie.
// Source: own.
// Guarantees: a broken invariant is a ContractError, never a verdict.
#include "base/error.h"
#include "base/floors.h"

namespace clipbound::base {
/// Throws ContractError naming the place and the broken condition.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& note = {});
}  // namespace clipbound::base

#define CLIPBOUND_CHECK(condition)                                     \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::clipbound::base::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)
#define CLIPBOUND_CHECK_NOTE(condition, note)                                \
  do {                                                                       \
    if (!(condition)) [[unlikely]]                                           \
      ::clipbound::base::check_failed(__FILE__, __LINE__, #condition, note); \
  } while (false)

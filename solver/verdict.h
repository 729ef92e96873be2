#pragma once
// Idea: what solve() answers.
// Source: own; the words are VNN-COMP's.
// Guarantees: sat only after replay, unsat only when every clause is refuted (S11).
#include <cstdint>

#include "base/floors.h"

namespace clipbound::solver {

enum class Verdict : std::uint8_t { unknown, timeout, sat, unsat };

}  // namespace clipbound::solver

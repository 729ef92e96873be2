#pragma once
// Idea: says whether this processor has the instructions that this build was compiled for, before any
//   code that uses them runs.
// Source: own.
// Guarantees: base/cpu.cpp is compiled for every x86-64 processor, and so are functions that are
//   marked CLIPBOUND_ANY_CPU, up to what they call.
#include "base/floors.h"

/// For a function that calls require_cpu() before anything else.
#if defined(__x86_64__)
#define CLIPBOUND_ANY_CPU [[gnu::target("no-avx")]]
#else
#define CLIPBOUND_ANY_CPU
#endif

namespace clipbound::base {

/// The first instruction set that this build needs and this processor lacks, "AVX2"; nullptr: none.
const char* missing_cpu_feature() noexcept;
/// All that the build needs, separated by blanks: "AVX2 BMI2 FMA".
const char* needed_cpu_features() noexcept;
/// Throws Unsupported where one is missing.
void require_cpu();

}  // namespace clipbound::base

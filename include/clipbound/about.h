#pragma once
// Idea: what this build is and understands.
// Source: own.
// Guarantees: the lists are made of the tables that the readers use.
#include <chrono>
#include <string>
#include <vector>

#include "clipbound/errors.h"

namespace clipbound {

/// "major.minor.patch".
CLIPBOUND_API const char* version() noexcept;
/// The commit that was built, "unknown" outside a repository; "-dirty" at its end: and changes.
CLIPBOUND_API const char* commit() noexcept;
/// What built it, for which processors: "g++ 12.2.0 -march=x86-64-v3".
CLIPBOUND_API const char* compiler() noexcept;
/// The ONNX operators that Network::load() understands, sorted.
CLIPBOUND_API std::vector<std::string> supported_onnx_operators();
/// The opsets of the default ONNX domain that it understands, in ascending order.
CLIPBOUND_API std::vector<int> supported_onnx_opsets();
/// The VNN-LIB versions that Query::load() understands, in ascending order.
CLIPBOUND_API std::vector<std::string> supported_vnnlib_versions();
/// The instruction sets that this build was compiled for, separated by blanks: "AVX AVX2 BMI BMI2
/// FMA".
CLIPBOUND_API const char* needed_cpu_features() noexcept;
/// The first of them that this processor lacks; nullptr: none. On others nothing but these two may
/// be called: what makes a network, a query or options throws Unsupported there.
CLIPBOUND_API const char* missing_cpu_feature() noexcept;
/// When this process started (Linux; elsewhere the moment of the call), for Callbacks::start.
CLIPBOUND_API std::chrono::steady_clock::time_point process_start();

}  // namespace clipbound

#pragma once
// Idea: what this build is and understands, and on what it runs.
// Source: own.
// Guarantees: the lists are made of the tables that the readers use.
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/file_info.h"

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

/// What this process runs on.
struct Machine {
  std::string cpu;            ///< "AMD EPYC 7763 64-Core Processor"
  int cores = 0;              ///< that this process may use
  double memory_bytes = 0.0;  ///< that there are
  std::string system;         ///< "Debian GNU/Linux 12 (bookworm), Linux 6.1.0 x86_64"
};
/// This machine.
CLIPBOUND_API Machine machine();
/// The most memory that this process has had so far.
CLIPBOUND_API double peak_memory_bytes();

/// Size and SHA-256 of bytes; `path` says where they come from.
CLIPBOUND_API FileInfo file_info(const std::string& path, std::string_view bytes);

/// What every result in JSON says of itself, an object (UTF-8): version, machine, peak memory so
/// far, networks and property (nullptr: none). docs/result.schema.json describes all results.
CLIPBOUND_API std::string header_json(std::span<const FileInfo> networks,
                                      const FileInfo* property = nullptr);

}  // namespace clipbound

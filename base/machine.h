#pragma once
// Idea: on what this process runs, and how much memory it has taken: for results that are compared
// later.
// Source: Linux's /proc, uname(2), os-release(5).
// Guarantees: words and numbers for people; nothing is decided by them.
#include <string>

#include "base/floors.h"

namespace clipbound::base {

/// "AMD EPYC 7763 64-Core Processor"; "unknown processor" where it does not say.
std::string cpu_name();
/// "Debian GNU/Linux 12 (bookworm), Linux 6.1.0 x86_64".
std::string system_name();
/// Bytes of memory that the machine has.
double machine_memory_bytes();
/// The most bytes that this process has had in memory at a time.
double peak_memory_bytes();

}  // namespace clipbound::base

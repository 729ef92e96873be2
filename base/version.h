#pragma once
// Idea: the version of this build.
// Source: own.
// Guarantees: the same text in the library, the command line and the C interface.

namespace clipbound::base {

/// The version as "major.minor.patch", from CMakeLists.txt.
const char* version_text() noexcept;
/// The commit that was built, "unknown" outside a repository; "-dirty" at its end: and changes.
const char* commit_text() noexcept;
/// "g++ 12.2.0 -march=x86-64-v3".
const char* compiler_text() noexcept;

}  // namespace clipbound::base

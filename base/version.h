#pragma once
// Idea: the version of this build.
// Source: own.
// Guarantees: the same text in the library, the command line and the C interface.

namespace clipbound::base {

/// The version as "major.minor.patch", from CMakeLists.txt.
const char* version_text() noexcept;

}  // namespace clipbound::base

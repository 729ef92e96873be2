#pragma once

namespace clipbound::base {

/// The version as "major.minor.patch", from CMakeLists.txt.
const char* version_text() noexcept;

}  // namespace clipbound::base

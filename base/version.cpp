#include "base/version.h"

#ifndef CLIPBOUND_VERSION
#error "CMakeLists.txt defines CLIPBOUND_VERSION for the base floor"
#endif

namespace clipbound::base {

const char* version_text() noexcept {
  return CLIPBOUND_VERSION;
}

}  // namespace clipbound::base

#include "base/version.h"

#include "commit.h"

#if !defined(CLIPBOUND_VERSION) || !defined(CLIPBOUND_MARCH)
#error "CMakeLists.txt defines CLIPBOUND_VERSION and CLIPBOUND_MARCH for this file"
#endif

#if defined(__clang__)
#define CLIPBOUND_COMPILER "clang "
#else
#define CLIPBOUND_COMPILER "g++ "
#endif

namespace clipbound::base {

const char* version_text() noexcept {
  return CLIPBOUND_VERSION;
}

const char* commit_text() noexcept {
  return CLIPBOUND_COMMIT;
}

const char* compiler_text() noexcept {
  return CLIPBOUND_COMPILER __VERSION__ " -march=" CLIPBOUND_MARCH;
}

}  // namespace clipbound::base

#include "base/cpu.h"

#include "base/error.h"

// CMake defines CLIPBOUND_NEEDED_CPU_FEATURES: FEATURE("avx2", "AVX2") FEATURE(...) ...

namespace clipbound::base {

const char* missing_cpu_feature() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
#define FEATURE(name, shown) \
  if (__builtin_cpu_supports(name) == 0) return shown;
  CLIPBOUND_NEEDED_CPU_FEATURES
#undef FEATURE
#endif
  return nullptr;
}

const char* needed_cpu_features() noexcept {
#define FEATURE(name, shown) " " shown
  static constexpr char kAll[] = "" CLIPBOUND_NEEDED_CPU_FEATURES;
#undef FEATURE
  return kAll[0] == ' ' ? kAll + 1 : kAll;
}

void require_cpu() {
  const char* const missing = missing_cpu_feature();
  if (missing == nullptr) return;
  throw Unsupported("this processor has no " + std::string(missing) +
                    ", which this build of Clipbound needs (" + needed_cpu_features() +
                    "); build it with -DCLIPBOUND_MARCH=native on this machine");
}

}  // namespace clipbound::base

// Idea: large blocks of memory on large pages, and kept for the next one of their size. Networks of
// hundreds of megabytes touch each page a few times; a fault for every 4 KB, and clearing what was
// given back before, took half of the time.
// Source: madvise(2), mallopt(3).
// Guarantees: new and delete as ever; speed alone changes. Not under sanitizers, which have their
// own.
#include "cli/large_blocks.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>
#include <sys/mman.h>

#include <limits>

namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21, kLargeBlock = 2 * kLargePage;

/// Tells the kernel of the whole large pages within a block.
void advise(void* block, std::size_t size) {
  const auto begin = (reinterpret_cast<std::uintptr_t>(block) + kLargePage - 1) / kLargePage,
             end = (reinterpret_cast<std::uintptr_t>(block) + size) / kLargePage;
  // A kernel that knows no large pages refuses; nothing depends on it.
  if (begin < end)
    static_cast<void>(madvise(reinterpret_cast<void*>(begin * kLargePage),  // NOLINT: an address
                              (end - begin) * kLargePage, MADV_HUGEPAGE));
}

void* allocate(std::size_t size) {
  for (;;) {
    if (void* const block = std::malloc(size > 0 ? size : 1)) {
      if (size >= kLargeBlock) advise(block, size);
      return block;
    }
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

namespace clipbound::cli {

void keep_large_blocks() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace clipbound::cli

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}
#else

namespace clipbound::cli {
void keep_large_blocks() {}
}  // namespace clipbound::cli

#endif

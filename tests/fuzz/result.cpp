// The readers of results: counterexamples, records of runs, tables that others published.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "benchmarks/suite/check.h"
#include "benchmarks/suite/csv.h"
#include "benchmarks/suite/record.h"
#include "benchmarks/suite/results.h"
#include "tests/fuzz/target.h"

namespace {

/// A file in memory: tables are read by path.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("fuzz", 0)) {
    if (descriptor_ < 0) std::abort();
  }
  std::string with(const std::string& text) const {
    if (ftruncate(descriptor_, 0) != 0) std::abort();
    if (pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
      std::abort();
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using clipbound::fuzz::may_refuse;
  static const MemoryFile file;
  const std::string text = clipbound::fuzz::text_of(data, size);
  may_refuse([&] { clipbound::suite::parse_counterexample(text); });
  may_refuse([&] { clipbound::suite::parse_record(text); });
  may_refuse([&] { clipbound::suite::parse_outcome(text); });
  may_refuse([&] { clipbound::suite::read_results(file.with(text)); });
  // What was read as fields is written and read back alike.
  const std::vector<std::string> fields =
      clipbound::suite::csv_fields(text.substr(0, text.find('\n')));
  const std::string line = clipbound::suite::csv_line(fields);
  if (clipbound::suite::csv_fields(line.substr(0, line.size() - 1)) != fields) std::abort();
  return 0;
}

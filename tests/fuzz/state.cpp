// The readers of stopped searches, and of the records around them (checkpoints, parts, results).
// The input is a file's body: header and checksum are made here, so that the readers get past them.
// What they accept is written and read again.
#include <zlib.h>

#include <cstring>
#include <stdexcept>

#include "solver/api/record.h"
#include "solver/search/state_file.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/fuzz/target.h"
#include "tests/support/floors.h"

namespace {

using namespace clipbound::test;

const Query& two_clauses() {
  static const Query query = parse_vnnlib(
      "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n"
      "(assert (>= X_0 0.0))\n(assert (<= X_0 1.0))\n"
      "(assert (>= X_1 -1.0))\n(assert (<= X_1 1.0))\n"
      "(assert (or (and (>= Y_0 5.0)) (and (<= Y_0 -5.0))))\n",
      "fuzz.vnnlib");
  return query;
}

constexpr std::uint64_t kProblem = 0x1234567890abcdefU;

std::string file_of(std::string bytes, std::uint32_t version, std::string_view body) {
  const auto sum = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size()));
  for (const std::uint32_t number : {version, sum})
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  return bytes += body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string bytes = file_of("CLIPBOUND STATE\n", kStateVersion, body);
  clipbound::fuzz::may_refuse([&] {
    const SearchState state = read_state(bytes, two_clauses(), DataType::float32, kProblem);
    const std::string again = write_state(state);
    if (write_state(read_state(again, two_clauses(), DataType::float32, kProblem)) != again)
      throw std::logic_error("a state that is written and read is another one");
  });
  const std::string record = file_of("CLIPBOUND SEARCH\n", clipbound::kRecordVersion, body);
  clipbound::fuzz::may_refuse([&] {
    using clipbound::read_record, clipbound::write_record;
    const std::string again = write_record(read_record(record, "fuzz"));
    if (write_record(read_record(again, "fuzz")) != again)
      throw std::logic_error("a record that is written and read is another one");
  });
  return 0;
}

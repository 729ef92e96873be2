#include "solver/certificate/certificate_file.h"

#include <zlib.h>

#include <algorithm>

#include "base/sha256.h"
#include "solver/certificate/records.h"

namespace clipbound::solver {

void write_certificate_file(Spool& stream, const CertificateSink& sink) {
  constexpr std::uint64_t kBlock = std::uint64_t{1} << 16;
  base::Sha256 hash;
  const auto write = [&](const Records& records) {
    hash.update(records.bytes());
    sink(records.bytes());
  };
  write(Records().append("CLIPCERT").tag('\1'));
  for (std::uint64_t at = 0; at < stream.size(); at += kBlock) {
    const std::string block = stream.read({at, std::min(kBlock, stream.size() - at)});
    const auto* data = reinterpret_cast<const Bytef*>(block.data());
    const uLong sum = crc32(crc32(0, nullptr, 0), data, static_cast<uInt>(block.size()));
    write(Records()
              .u32(static_cast<std::uint32_t>(block.size()))
              .append(block)
              .u32(static_cast<std::uint32_t>(sum)));
  }
  write(Records().u32(0));
  sink(digest_bytes(hash.digits()));
}

}  // namespace clipbound::solver

#pragma once
// Idea: the file around a stream of records: blocks with their checksums.
// Source: docs/certificate.md, "Bytes".
// Guarantees: none: clipbound-check decides.
#include <functional>
#include <string_view>

#include "base/floors.h"
#include "solver/certificate/spool.h"

namespace clipbound::solver {

using CertificateSink = std::function<void(std::string_view)>;

void write_certificate_file(Spool& stream, const CertificateSink& sink);

}  // namespace clipbound::solver

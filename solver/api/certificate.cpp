// Idea: produce_certificate() between the public types.
// Source: own.
// Guarantees: see the header.
#include "clipbound/certificate.h"

#include "base/parallel.h"
#include "solver/api/implementation.h"
#include "solver/certificate/produce.h"
#include "solver/certificate/relu_network.h"

namespace clipbound {

void check_certifiable(const Network& network, const Query& query) {
  const Query::Implementation& asked = query.implementation();
  if (asked.joint) throw Unsupported("certificates cover VNN-LIB 1.0 alone");
  solver::check_certifiable(*network.implementation().network, asked.query);
}

bool write_certificate(const Network& network, const Query& query, const Options& options,
                       double time_limit_s, const std::function<void(std::string_view)>& sink) {
  check_certifiable(network, query);
  const base::Deadline deadline(base::Deadline::Clock::now(), time_limit_s, 0.0);
  const int asked = options.implementation().values.threads;
  return solver::produce_certificate(
      *network.implementation().network, query.implementation().query, network.file().path,
      query.file().path, asked == 0 ? base::available_threads() : asked, deadline, sink);
}

}  // namespace clipbound

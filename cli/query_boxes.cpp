#include "cli/query_boxes.h"

#include <algorithm>
#include <functional>
#include <string>

namespace clipbound::cli {

std::vector<QueryBox> boxes_of(const Query& query, const Network& network) {
  if (query.input_size() != network.input_size()) {
    throw InputError("the query is about " + std::to_string(query.input_size()) +
                     " inputs, the network has " + std::to_string(network.input_size()));
  }
  std::vector<QueryBox> boxes;
  for (std::size_t k = 0; k < query.clause_count(); ++k) {
    std::vector<double> lower = query.box_lower(k, network), upper = query.box_upper(k, network);
    // No point of it is left where inputs have this network's type.
    if (std::mismatch(lower.begin(), lower.end(), upper.begin(), std::less_equal<>()).first !=
        lower.end())
      continue;
    const auto same = std::find_if(boxes.begin(), boxes.end(), [&](const QueryBox& box) {
      return box.lower == lower && box.upper == upper;
    });
    if (same != boxes.end()) {
      same->clauses.push_back(k);
    } else {
      boxes.push_back({std::move(lower), std::move(upper), {k}});
    }
  }
  if (boxes.empty()) throw InputError("the query has no clause, so no box");
  return boxes;
}

}  // namespace clipbound::cli

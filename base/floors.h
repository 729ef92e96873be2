#pragma once
// Idea: a namespace for every floor, and which names a floor sees: its own and those of the floors
// below.
// Source: own.
// Guarantees: a floor names only itself and what is below; tests/house/includes holds the includes
// to it.
//
// The public interface (include/clipbound) is `clipbound` itself. Some of its classes have the
// names of inner ones; the using-declarations here say that on a floor the inner ones are meant.
// `solver/api`, which implements the public interface, stands outside the floors' namespaces and
// writes `specs::Network`.
namespace clipbound {
namespace base {
struct Options;
}
namespace specs {
using namespace base;
using base::Options;
struct Network;
struct Query;
struct Row;
struct Term;
}  // namespace specs
namespace bounds {
using namespace base;
using namespace specs;
using base::Options;
using specs::Network, specs::Query, specs::Row, specs::Term;
}  // namespace bounds
namespace solver {
using namespace base;
using namespace specs;
using namespace bounds;
using base::Options;
using specs::Network, specs::Query, specs::Row, specs::Term;
}  // namespace solver
}  // namespace clipbound

// Idea: incremental solving of clipbound_c.h, each function a call of the public C++ interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

clipbound_status clipbound_solver_new(const clipbound_network* network, const double* lower,
                                      const double* upper, const clipbound_options* options,
                                      clipbound_solver** out) {
  return guarded([&] {
    deref(out, "out");
    const Network& inner = deref(network, "network").network;
    const auto from = array(lower, inner.input_size(), "lower"),
               to = array(upper, inner.input_size(), "upper");
    const Options given = options_of(options);
    *out = new clipbound_solver{
        Solver(inner, {from.begin(), from.end()}, {to.begin(), to.end()}, given), given};
  });
}

void clipbound_solver_free(clipbound_solver* solver) {
  delete solver;
}

clipbound_status clipbound_solver_add(clipbound_solver* solver, const clipbound_row* rows,
                                      size_t row_count) {
  return guarded([&] { deref(solver, "solver").solver.add(rows_of(rows, row_count, "rows")); });
}

clipbound_status clipbound_solver_add_any(clipbound_solver* solver,
                                          const clipbound_rows* alternatives, size_t count) {
  return guarded([&] {
    std::vector<Rows> given;
    for (const clipbound_rows& rows : array(alternatives, count, "alternatives"))
      given.push_back(rows_of(rows.rows, rows.row_count, "rows"));
    deref(solver, "solver").solver.add_any(given);
  });
}

clipbound_status clipbound_solver_push(clipbound_solver* solver) {
  return guarded([&] { deref(solver, "solver").solver.push(); });
}
clipbound_status clipbound_solver_pop(clipbound_solver* solver, size_t levels) {
  return guarded([&] { deref(solver, "solver").solver.pop(levels); });
}
size_t clipbound_solver_levels(const clipbound_solver* solver) {
  return solver == nullptr ? 0 : solver->solver.levels();
}
size_t clipbound_solver_constraint_count(const clipbound_solver* solver) {
  return solver == nullptr ? 0 : solver->solver.constraint_count();
}

clipbound_status clipbound_solver_set_options(clipbound_solver* solver,
                                              const clipbound_options* options) {
  return guarded([&] {
    clipbound_solver& handle = deref(solver, "solver");
    Options given = options_of(options);
    handle.solver.set_options(given);  // throws while it solves, when the handle's are read
    handle.options = std::move(given);
  });
}

clipbound_status clipbound_solver_solve(clipbound_solver* solver, const clipbound_row* assumptions,
                                        size_t assumption_count,
                                        const clipbound_callbacks* callbacks,
                                        clipbound_result** out) {
  return guarded([&] {
    deref(out, "out");
    clipbound_solver& handle = deref(solver, "solver");
    const Options options = handle.options;
    Result result = handle.solver.solve(rows_of(assumptions, assumption_count, "assumptions"),
                                        callbacks_of(callbacks));
    std::string vnncomp = to_vnncomp(result);
    *out = handle_of(std::move(result), std::move(vnncomp), options).release();
  });
}

const char* clipbound_solver_used(const clipbound_solver* solver) {
  return solver == nullptr ? "" : solver->solver.used();
}

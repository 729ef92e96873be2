#include "base/simplex.h"

#include <coin/Clp_C_Interface.h>
#include <dlfcn.h>

#include <limits>
#include <new>

#include "base/blas.h"
#include "base/check.h"

namespace clipbound::base {

namespace {

/// The functions of Clp that are used; all of them or none.
struct Clp {
  decltype(&Clp_newModel) new_model = nullptr;
  decltype(&Clp_deleteModel) delete_model = nullptr;
  decltype(&Clp_loadProblem) load_problem = nullptr;
  decltype(&Clp_setLogLevel) set_log_level = nullptr;
  decltype(&Clp_setPerturbation) set_perturbation = nullptr;
  decltype(&Clp_setMaximumSeconds) set_maximum_seconds = nullptr;
  decltype(&Clp_setMaximumIterations) set_maximum_iterations = nullptr;
  decltype(&Clp_numberIterations) number_iterations = nullptr;
  decltype(&Clp_dual) dual = nullptr;
  decltype(&Clp_status) status = nullptr;
  decltype(&Clp_infeasibilityRay) infeasibility_ray = nullptr;
  decltype(&Clp_freeRay) free_ray = nullptr;
  decltype(&Clp_primalColumnSolution) primal_column_solution = nullptr;
  decltype(&Clp_columnLower) column_lower = nullptr;
  decltype(&Clp_columnUpper) column_upper = nullptr;
  decltype(&Clp_rowLower) row_lower = nullptr;
  decltype(&Clp_rowUpper) row_upper = nullptr;
  decltype(&Clp_objective) objective = nullptr;

  Clp() {
    initialise_blas();  // Clp brings OpenBLAS along: with one thread it has to come before
    void* library = dlopen("libClp.so.1", RTLD_NOW | RTLD_LOCAL);
    is_there = library != nullptr;
    if (!is_there) return;
    find(library, "Clp_newModel", new_model);
    find(library, "Clp_deleteModel", delete_model);
    find(library, "Clp_loadProblem", load_problem);
    find(library, "Clp_setLogLevel", set_log_level);
    find(library, "Clp_setPerturbation", set_perturbation);
    find(library, "Clp_setMaximumSeconds", set_maximum_seconds);
    find(library, "Clp_setMaximumIterations", set_maximum_iterations);
    find(library, "Clp_numberIterations", number_iterations);
    find(library, "Clp_dual", dual);
    find(library, "Clp_status", status);
    find(library, "Clp_infeasibilityRay", infeasibility_ray);
    find(library, "Clp_freeRay", free_ray);
    find(library, "Clp_primalColumnSolution", primal_column_solution);
    find(library, "Clp_columnLower", column_lower);
    find(library, "Clp_columnUpper", column_upper);
    find(library, "Clp_rowLower", row_lower);
    find(library, "Clp_rowUpper", row_upper);
    find(library, "Clp_objective", objective);
  }
  bool is_there = false;

 private:
  template <typename Function>
  void find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    is_there = is_there && function != nullptr;
  }
};

const Clp& clp() {
  static const Clp kClp;
  return kClp;
}

/// Clp's infinity.
double of_clp(double x) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  return x > kLargest ? kLargest : x < -kLargest ? -kLargest : x;
}

}  // namespace

struct Simplex::Model {
  Clp_Simplex* clp;
  std::int64_t rows, columns;
};

bool Simplex::is_available() {
  return clp().is_there;
}

Simplex::Simplex(const LinearRows& rows, std::span<const double> lower,
                 std::span<const double> upper)
    : model_(std::make_unique<Model>()) {
  CLIPBOUND_CHECK(is_available());
  // Clp wants columns: rows are counted into them.
  const std::size_t n = lower.size();
  std::vector<CoinBigIndex> start(n + 1, 0);
  for (const std::int32_t j : rows.column) ++start[static_cast<std::size_t>(j) + 1];
  for (std::size_t j = 0; j < n; ++j) start[j + 1] += start[j];
  std::vector<CoinBigIndex> next(start.begin(), start.end() - 1);
  std::vector<int> index(rows.column.size());
  std::vector<double> value(rows.column.size());
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    for (auto e = static_cast<std::size_t>(rows.start[static_cast<std::size_t>(i)]);
         e < static_cast<std::size_t>(rows.start[static_cast<std::size_t>(i) + 1]); ++e) {
      const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(rows.column[e])]++);
      index[at] = static_cast<int>(i);
      value[at] = rows.value[e];
    }
  }
  model_->clp = clp().new_model();
  model_->rows = rows.count();
  model_->columns = static_cast<std::int64_t>(n);
  clp().set_log_level(model_->clp, 0);
  clp().set_perturbation(model_->clp, 100);  // none: a perturbed ray proves nothing
  const std::vector<double> cost(n, 0.0);
  clp().load_problem(model_->clp, static_cast<int>(n), static_cast<int>(rows.count()), start.data(),
                     index.data(), value.data(), lower.data(), upper.data(), cost.data(),
                     rows.lower.data(), rows.upper.data());
  for (std::size_t j = 0; j < n; ++j) set_column(static_cast<std::int32_t>(j), lower[j], upper[j]);
  for (std::int64_t i = 0; i < rows.count(); ++i)
    set_row(i, rows.lower[static_cast<std::size_t>(i)], rows.upper[static_cast<std::size_t>(i)]);
}

Simplex::~Simplex() {
  clp().delete_model(model_->clp);
}

void Simplex::set_column(std::int32_t j, double lower, double upper) {
  clp().column_lower(model_->clp)[j] = of_clp(lower);
  clp().column_upper(model_->clp)[j] = of_clp(upper);
}

void Simplex::set_row(std::int64_t i, double lower, double upper) {
  clp().row_lower(model_->clp)[i] = of_clp(lower);
  clp().row_upper(model_->clp)[i] = of_clp(upper);
}

void Simplex::set_cost(std::int32_t j, double cost) {
  clp().objective(model_->clp)[j] = cost;
}

Simplex::Answer Simplex::solve(double most_seconds, int most_pivots) {
  Clp_Simplex* const model = model_->clp;
  clp().set_maximum_seconds(model, most_seconds);
  clp().set_maximum_iterations(model, most_pivots);
  if (has_failed_) return Answer::stopped;
  try {
    clp().dual(model, 0);
  } catch (const std::bad_alloc&) {
    has_failed_ = true;
    throw;
  } catch (...) {  // CoinUtils' errors, of no type that anybody here knows
    has_failed_ = true;
    return Answer::stopped;
  }
  pivots_ += clp().number_iterations(model);
  switch (clp().status(model)) {
    case 0: return Answer::feasible;
    case 1: return Answer::infeasible;
    default: return Answer::stopped;
  }
}

std::span<const double> Simplex::values() const {
  return {clp().primal_column_solution(model_->clp), static_cast<std::size_t>(model_->columns)};
}

std::vector<double> Simplex::multipliers() const {
  double* const ray = clp().infeasibility_ray(model_->clp);
  if (ray == nullptr) return {};
  std::vector<double> copy(ray, ray + model_->rows);
  clp().free_ray(model_->clp, ray);
  return copy;
}

}  // namespace clipbound::base

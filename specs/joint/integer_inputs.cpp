// Depth first: the integer input with the fewest values left takes each of them in turn, and rows
// over integer inputs alone say what is left of the others. Rows that do so hold in the cases that
// remain, and are dropped there.
#include "specs/joint/integer_inputs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "specs/query/number.h"
#include "specs/vnnlib/declarations.h"

namespace clipbound::specs {
namespace {

constexpr int kMostPasses = 64;
// Terms of rows that are looked at, a few rational operations each: some seconds. Not measured.
constexpr std::size_t kMostWork = 5000000;
constexpr std::size_t kMostBoxBytes = std::size_t{1} << 29;

/// The integers up to which the type holds all, with their negatives.
double exact_up_to(DataType type) {
  return type == DataType::float64 ? 0x1p53 : type == DataType::float16 ? 0x1p11 : 0x1p24;
}

/// low <= value <= high.
struct Range {
  mpz_class low, high;
  bool is_empty() const { return low > high; }
  bool is_fixed() const { return low == high; }
};

mpz_class floor_of(const mpq_class& x) {
  mpz_class result;
  mpz_fdiv_q(result.get_mpz_t(), x.get_num_mpz_t(), x.get_den_mpz_t());
  return result;
}
mpz_class ceil_of(const mpq_class& x) {
  mpz_class result;
  mpz_cdiv_q(result.get_mpz_t(), x.get_num_mpz_t(), x.get_den_mpz_t());
  return result;
}

/// What stands in the way, of some clause.
struct Refusal {
  std::size_t input = 0;
  std::string why;
};

/// The integer inputs of one clause.
class Cases {
 public:
  using Values = std::vector<double>;  // of the inputs that were asked for, in their order

  Cases(const Box& box, const std::vector<std::size_t>& inputs, std::vector<const Row*> rows,
        std::size_t& work)
      : inputs_(inputs), rows_(std::move(rows)), work_(work) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Ends& ends = box[inputs[k]].hull;
      place_.emplace(static_cast<std::int32_t>(inputs[k]), k);
      ranges_.push_back({ceil_of(mpq_class(ends.lower)), floor_of(mpq_class(ends.upper))});
    }
  }

  /// Up to `most` of them, and what stands in the way of all.
  std::optional<Refusal> list(std::size_t most, double largest, std::vector<Values>& found);

 private:
  struct Choice {
    std::size_t place;
    mpz_class next, last;
    std::size_t mark;  // of the trail
  };

  bool propagate();
  bool clip(const Row& row, bool& changes);
  bool all_rows_hold();
  void set(std::size_t place, const Range& range) {
    trail_.emplace_back(place, ranges_[place]);
    ranges_[place] = range;
  }
  void undo(std::size_t mark) {
    for (; trail_.size() > mark; trail_.pop_back())
      ranges_[trail_.back().first] = std::move(trail_.back().second);
  }
  std::optional<std::size_t> smallest_open() const;
  std::optional<Refusal> keep(double largest, std::vector<Values>& found) const;

  const std::vector<std::size_t>& inputs_;
  const std::vector<const Row*> rows_;
  std::size_t& work_;
  std::unordered_map<std::int32_t, std::size_t> place_;
  std::vector<Range> ranges_;
  std::vector<std::pair<std::size_t, Range>> trail_;
};

/// False where the row cannot hold.
bool Cases::clip(const Row& row, bool& changes) {
  work_ += row.terms.size();
  const auto least_of = [&](const Term& term) -> const mpz_class& {
    const Range& range = ranges_[place_.at(term.index)];
    return sgn(term.coefficient.exact) > 0 ? range.low : range.high;
  };
  mpq_class room = row.threshold.exact;
  for (const Term& term : row.terms) room -= term.coefficient.exact * mpq_class(least_of(term));
  if (room < 0 || (row.strict && room == 0)) return false;
  for (const Term& term : row.terms) {
    const std::size_t place = place_.at(term.index);
    Range range = ranges_[place];
    if (range.is_fixed()) continue;
    const mpq_class end = mpq_class(least_of(term)) + room / term.coefficient.exact;
    // A strict row leaves out the end itself.
    if (sgn(term.coefficient.exact) > 0) {
      range.high = std::min<mpz_class>(range.high, row.strict ? ceil_of(end) - 1 : floor_of(end));
    } else {
      range.low = std::max<mpz_class>(range.low, row.strict ? floor_of(end) + 1 : ceil_of(end));
    }
    if (range.is_empty()) return false;
    if (range.low == ranges_[place].low && range.high == ranges_[place].high) continue;
    set(place, range);
    changes = true;
  }
  return true;
}

/// False where no values are left.
bool Cases::propagate() {
  bool changes = true;
  for (int pass = 0; pass < kMostPasses && changes; ++pass) {
    changes = false;
    for (const Row* row : rows_)
      if (!clip(*row, changes)) return false;
  }
  return true;
}

/// Of inputs that are all fixed. Passes may end before the last change has come to every row, and
/// rows are dropped where they are taken to hold.
bool Cases::all_rows_hold() {
  bool changes = false;
  return std::all_of(rows_.begin(), rows_.end(),
                     [&](const Row* row) { return clip(*row, changes); });
}

std::optional<std::size_t> Cases::smallest_open() const {
  std::optional<std::size_t> best;
  mpz_class least;
  for (std::size_t k = 0; k < ranges_.size(); ++k) {
    if (ranges_[k].is_fixed()) continue;
    const mpz_class width = ranges_[k].high - ranges_[k].low;
    if (best && width >= least) continue;
    best = k;
    least = width;
  }
  return best;
}

std::optional<Refusal> Cases::keep(double largest, std::vector<Values>& found) const {
  Values values;
  for (std::size_t k = 0; k < ranges_.size(); ++k) {
    if (abs(ranges_[k].low) > mpz_class(largest))
      return Refusal{inputs_[k], "its values go beyond " + mpz_class(largest).get_str() +
                                     ": the numbers in which inputs are evaluated leave some out"};
    values.push_back(ranges_[k].low.get_d());
  }
  found.push_back(std::move(values));
  return std::nullopt;
}

std::optional<Refusal> Cases::list(std::size_t most, double largest, std::vector<Values>& found) {
  if (std::any_of(ranges_.begin(), ranges_.end(), [](const Range& r) { return r.is_empty(); }) ||
      !propagate())
    return std::nullopt;
  const std::string many = "more than " + std::to_string(kMostIntegerCases) + " cases";
  std::vector<Choice> choices;
  bool possible = true;
  while (true) {
    const std::optional<std::size_t> open = possible ? smallest_open() : std::nullopt;
    if (open) {
      const Range& range = ranges_[*open];
      if (range.high - range.low >= mpz_class(static_cast<unsigned long>(most - found.size())) ||
          choices.size() > kMostIntegerCases)
        return Refusal{inputs_[*open], "the query's integer inputs make " + many};
      choices.push_back({*open, range.low, range.high, trail_.size()});
    } else if (possible && all_rows_hold()) {
      if (found.size() == most)
        return Refusal{inputs_.front(), "the query's integer inputs make " + many};
      if (auto refusal = keep(largest, found)) return refusal;
    }
    while (!choices.empty() && choices.back().next > choices.back().last) {
      undo(choices.back().mark);
      choices.pop_back();
    }
    if (choices.empty()) return std::nullopt;
    if (work_ > kMostWork)
      return Refusal{inputs_[choices.front().place],
                     "the cases of the query's integer inputs are not counted in time"};
    Choice& choice = choices.back();
    undo(choice.mark);
    set(choice.place, {choice.next, choice.next});
    choice.next += 1;
    work_ += ranges_.size();
    possible = propagate();
  }
}

/// The integer inputs that no initialiser gives.
std::vector<std::size_t> integer_inputs(const JointQuery& declared) {
  std::vector<std::size_t> inputs;
  for (const DeclaredNetwork& network : declared.networks)
    for (const DeclaredTensor& tensor : network.tensors) {
      if (tensor.kind != DeclaredTensor::Kind::input || tensor.initialized ||
          kind_of(tensor.type) != TypeKind::integer)
        continue;
      for (std::int64_t i = 0; i < element_count(tensor.shape); ++i)
        inputs.push_back(static_cast<std::size_t>(tensor.first + i));
    }
  return inputs;
}

class Splitting {
 public:
  Splitting(const JointQuery& declared, DataType input_type, Query& query)
      : declared_(declared),
        largest_(exact_up_to(input_type)),
        query_(query),
        inputs_(integer_inputs(declared)) {}

  void run() {
    if (inputs_.empty()) return;
    std::vector<Clause> clauses = std::move(query_.clauses);
    query_.clauses.clear();
    const std::size_t most = clauses.size() + kMostIntegerCases;
    for (std::size_t c = 0; c < clauses.size(); ++c) {
      // Each of the clauses to come has at least one case, as far as is known.
      const std::size_t after = clauses.size() - c - 1;
      split(clauses[c], most - query_.clauses.size() - after);
    }
  }

 private:
  bool is_of_integers(const Row& row) const {
    return std::all_of(row.terms.begin(), row.terms.end(), [&](const Term& term) {
      return term.of == Term::Of::input && std::binary_search(inputs_.begin(), inputs_.end(),
                                                              static_cast<std::size_t>(term.index));
    });
  }
  void split(Clause& clause, std::size_t most) {
    std::vector<const Row*> rows;
    for (const Row& row : clause.rows)
      if (is_of_integers(row)) rows.push_back(&row);
    std::vector<Cases::Values> found;
    if (const auto refusal =
            Cases(*clause.box, inputs_, std::move(rows), work_).list(most, largest_, found))
      refuse(*refusal);
    std::erase_if(clause.rows, [&](const Row& row) { return is_of_integers(row); });
    if (found.empty() && warnings_++ < 1000)
      query_.warnings.push_back(query_.source + ":" + std::to_string(clause.line) +
                                ": no integer is left for some input: this case is dropped");
    for (const Cases::Values& values : found) {
      Clause one = clause;
      one.box = fixed(clause.box, values);
      query_.clauses.push_back(std::move(one));
    }
  }
  std::shared_ptr<const Box> fixed(const std::shared_ptr<const Box>& whole,
                                   const Cases::Values& values) {
    std::shared_ptr<const Box>& known = boxes_[{whole.get(), values}];
    if (known != nullptr) return known;
    kept_.push_back(whole);
    bytes_ += whole->size() * sizeof(InputInterval);
    if (bytes_ > kMostBoxBytes)
      refuse({inputs_.front(), "the cases of the query's integer inputs do not fit into memory"});
    Box box = *whole;
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      const FloatNeighbours value = float64_neighbours(values[k]);
      box[inputs_[k]] = intersection(lower_edges(value), upper_edges(value));
    }
    known = std::make_shared<const Box>(std::move(box));
    return known;
  }
  [[noreturn]] void refuse(const Refusal& refusal) const {
    const auto number = static_cast<std::int64_t>(refusal.input);
    throw Unsupported(place_of_input(declared_.networks, number) + ": input '" +
                      element_name(declared_.networks, true, number) +
                      "' is of an integer type, and " + refusal.why);
  }

  const JointQuery& declared_;
  const double largest_;
  Query& query_;
  const std::vector<std::size_t> inputs_;  // ascending
  std::map<std::pair<const Box*, Cases::Values>, std::shared_ptr<const Box>> boxes_;
  std::vector<std::shared_ptr<const Box>> kept_;  // so that addresses stay theirs
  std::size_t work_ = 0, bytes_ = 0, warnings_ = 0;
};

}  // namespace

void split_integer_inputs(const JointQuery& declared, DataType input_type, Query& query) {
  Splitting(declared, input_type, query).run();
}

}  // namespace clipbound::specs

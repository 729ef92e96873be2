// Idea: range_of() as decisions. An end of the interval is enclosed between a bound that is proved
// and a value that is attained; solve() is asked whether some point lies beyond a threshold between
// the two. `unsat` moves the bound, `sat` the attained value (ascent goes on from its point). The
// first threshold is the one that would end it, just beyond what is attained: with a good point
// that is a single proof. What is not decided in its time is asked nearer to the bound, then again
// for longer: all ends get the same time, round by round.
// Source: optimisation by branch-and-bound; the searches are solve()'s, with clipping and both
// splits.
// Guarantees: bounds are those of Bounder or thresholds that were refuted (S11); thresholds and
// coefficients are float64 numbers, exact rationals, so that nothing is rounded. Attained values
// are those of evaluate_enclosed() at points of the box.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/rounding.h"
#include "clipbound/range.h"
#include "solver/api/extremes.h"
#include "solver/api/implementation.h"
#include "solver/api/saved_run.h"

namespace clipbound {

namespace {

using base::kInfinity;
using Clock = std::chrono::steady_clock;

/// One end while it is searched. Numbers are those of sign * form, which is made large.
struct End {
  std::size_t form = 0;
  double sign = 1.0;
  double bound = kInfinity;      ///< sign * form is at most that
  double attained = -kInfinity;  ///< and at `point` at least that
  std::vector<double> point;
  /// Thresholds up to it were answered without an end: by no verdict at all, or by a point that is
  /// one of the network's type alone, a rounding outside the box. None is asked again until more is
  /// attained.
  double blocked = -kInfinity;
  bool done = false, given_up = false;
};

class RangeSearch {
 public:
  RangeSearch(const Network& network, std::span<const double> lower, std::span<const double> upper,
              std::vector<double> forms, const RangeSettings& settings, const Options& options,
              const Callbacks& callbacks)
      : network_(network),
        lower_(lower.begin(), lower.end()),
        upper_(upper.begin(), upper.end()),
        forms_(std::move(forms)),
        settings_(settings),
        options_(options),
        callbacks_(callbacks),
        start_(callbacks.start.value_or(Clock::now())),
        bounder_(network, lower, upper, OutputRows{.C = forms_}),
        extremes_(network.implementation().network, lower, upper, forms_) {}

  Ranges run() {
    begin_ends();
    for (double slice_s = first_slice_s(); !is_over() && !all_settled(); slice_s *= kSliceGrowth) {
      for (End& end : ends_) {
        settle(end);  // the interval may have grown since
        if (is_asked(end)) search(end, slice_s);
      }
    }
    return finish();
  }

 private:
  // Seconds of the first round's queries: this share of the time limit for all ends together,
  // within these limits. Not measured.
  static constexpr double kFirstShare = 0.05, kShortestSlice_s = 0.05, kLongestSlice_s = 1.0;
  static constexpr double kSliceGrowth = 4.0;
  /// A round asks nothing between the bound and what it left open once that is this share of all.
  static constexpr double kCoarse = 0.25;
  /// The threshold that ends it lies so much of the gap beyond what is attained: below 1, so that
  /// rounding does not leave the gap a little too large.
  static constexpr double kAim = 0.9;
  /// No gap below this share of the values' size, or the second number: float32 networks do not
  /// tell more apart, and bounds of values of 0 have roundings.
  static constexpr double kFinest = 1e-6, kSmallestGap = 1e-9;

  std::size_t form_count() const { return forms_.size() / network_.output_size(); }
  double remaining_s() const {
    return settings_.time_limit_s - std::chrono::duration<double>(Clock::now() - start_).count();
  }
  bool is_over() const {
    return remaining_s() <= 0.0 || (callbacks_.stopper && callbacks_.stopper->stopped());
  }
  double first_slice_s() const {
    return std::clamp(kFirstShare * settings_.time_limit_s / static_cast<double>(ends_.size()),
                      kShortestSlice_s, kLongestSlice_s);
  }
  bool is_asked(const End& end) const {
    return !end.done && !end.given_up && (end.sign > 0.0 ? settings_.upper : settings_.lower);
  }
  bool all_settled() const {
    return std::none_of(ends_.begin(), ends_.end(),
                        [this](const End& end) { return is_asked(end); });
  }

  /// Bounds of the whole box, and what ascent attains.
  void begin_ends() {
    const Bounds bounds = bounder_.bounds(
        lower_, upper_, {.time_limit_s = std::max(0.0, kFirstShare * settings_.time_limit_s)});
    for (std::size_t r = 0; r < form_count(); ++r) {
      for (const double sign : {-1.0, 1.0}) {
        End end{.form = r, .sign = sign, .point = {}};
        end.bound = sign > 0.0 ? bounds.upper[r] : -bounds.lower[r];
        if (!is_over()) attain(end, extremes_.largest(r, sign));
        ends_.push_back(std::move(end));
      }
    }
    for (End& end : ends_) settle(end);
  }

  double coefficient(std::size_t form, std::size_t output) const {
    return forms_[form * network_.output_size() + output];
  }

  /// Takes the point, which lies in the box, where it proves more.
  bool attain(End& end, std::vector<double> point) const {
    const EnclosedValue at = extremes_.prove(point, end.form);
    const double value = end.sign > 0.0 ? at.lower : -at.upper;
    if (!(value > end.attained)) return false;
    end.attained = value;
    end.point = std::move(point);
    end.blocked = -kInfinity;
    end.given_up = false;
    return true;
  }

  /// How near is near enough: by the interval that is attained so far.
  double gap_of(const End& end) const {
    const End& lower = ends_[2 * end.form];
    const End& upper = ends_[2 * end.form + 1];
    const double width = upper.attained + lower.attained;  // the lower one is negated
    const double size = std::max(std::fabs(upper.attained), std::fabs(lower.attained));
    double gap = std::max(settings_.gap_absolute, 0.0);
    if (std::isfinite(width)) gap = std::max(gap, settings_.gap * width);
    if (std::isfinite(size)) gap = std::max(gap, kFinest * size);
    return std::max(gap, kSmallestGap);
  }
  void settle(End& end) const {
    end.done = end.bound - end.attained <= gap_of(end);
    if (end.done) end.given_up = false;
  }

  /// Queries of at most `slice_s` each, from what would end it towards what is proved.
  void search(End& end, double slice_s) {
    double open = -kInfinity;  // thresholds up to it were not decided in this round
    int doublings = 0;
    while (!is_over()) {
      settle(end);
      if (end.done) return;
      open = std::max({open, end.blocked, end.attained});
      if (std::isfinite(end.bound) && open > end.attained &&
          end.bound - open <= kCoarse * (end.bound - end.attained)) {
        end.given_up = end.blocked == open && end.bound - open <= kCoarse * gap_of(end);
        if (end.given_up || end.blocked < open) return;
      }
      const std::optional<double> threshold = next_threshold(end, open, doublings);
      if (!threshold) {
        end.given_up = true;
        return;
      }
      if (ask(end, *threshold, slice_s) == Verdict::timeout) open = std::max(open, *threshold);
    }
  }

  /// Beyond what is attained by nearly the gap; once that was not decided, half way from there to
  /// the bound; where there is no bound, further and further away. Nothing where no number is left.
  std::optional<double> next_threshold(const End& end, double open, int& doublings) const {
    double threshold = end.attained + kAim * gap_of(end);
    if (!std::isfinite(end.bound)) {
      const double from = std::isfinite(open) ? open : 0.0;
      threshold = from + std::ldexp(std::max({1.0, gap_of(end), std::fabs(from)}), doublings++);
      if (!std::isfinite(static_cast<float>(threshold))) return {};
      return threshold;
    }
    if (!std::isfinite(open)) threshold = end.bound - std::max(1.0, std::fabs(end.bound));
    if (open > end.attained) threshold = open + 0.5 * (end.bound - open);
    if (!(threshold > open && threshold < end.bound)) return {};
    return threshold;
  }

  /// Is there a point with sign * form >= threshold? Timeout: not known yet.
  Verdict ask(End& end, double threshold, double slice_s) {
    Row row;
    for (std::size_t j = 0; j < network_.output_size(); ++j) {
      const double c = coefficient(end.form, j);
      if (c != 0.0) row.terms.push_back({Term::Of::output, j, -end.sign * c});
    }
    row.threshold = -threshold;
    Query query(network_.input_size(), network_.output_size());
    query.add_clause(lower_, upper_, std::span<const Row>(&row, 1));
    Options options = options_;
    const double limit = std::max(1e-3, std::min(slice_s, remaining_s()));
    options.set("time_limit_s", std::to_string(limit)).set("time_reserve_s", "0");
    Callbacks callbacks{.log = callbacks_.log, .stopper = callbacks_.stopper};
    callbacks.start = Clock::now();
    const Result found = solve(network_, query, options, callbacks);
    ++queries_;
    take(end, threshold, found);
    tell(end, threshold, found.verdict,
         std::chrono::duration<double>(Clock::now() - *callbacks.start).count());
    return found.verdict;
  }

  void take(End& end, double threshold, const Result& found) {
    if (found.verdict == Verdict::unsat) end.bound = std::min(end.bound, threshold);
    if (found.verdict == Verdict::unknown && !is_over())
      end.blocked = std::max(end.blocked, threshold);
    if (found.verdict != Verdict::sat) return;
    // Its point is one of the network's type: the box's own may differ by a rounding, and its value
    // in real arithmetic, too.
    std::vector<double> point = found.input;
    for (std::size_t i = 0; i < point.size(); ++i)
      point[i] = std::clamp(point[i], lower_[i], upper_[i]);
    bool better = attain(end, point);
    better = attain(end, extremes_.ascend_from(std::move(point), end.form, end.sign)) || better;
    if (!better || end.attained < threshold - 0.5 * gap_of(end))
      end.blocked = std::max(end.blocked, threshold);
  }

  void tell(const End& end, double threshold, Verdict verdict, double seconds) const {
    if (!callbacks_.log || options_.fields().verbose < 1) return;
    char line[160];
    std::snprintf(line, sizeof line, "form %zu %s %.9g: %s after %.2f s", end.form,
                  end.sign > 0.0 ? ">=" : "<=", end.sign * threshold, name_of(verdict), seconds);
    callbacks_.log(1, line);
  }

  static RangeEnd outer(End& end) {
    return {end.sign * end.bound, end.sign * end.attained, std::move(end.point), end.done};
  }

  Ranges finish() {
    Ranges found;
    found.queries = queries_;
    bool all_done = true, given_up = false;
    for (End& end : ends_) {
      settle(end);
      all_done = all_done && (end.done || !is_asked(end)) && !end.given_up;
      given_up = given_up || end.given_up;
    }
    found.reason = all_done ? "all ends are known to the gap"
                   : callbacks_.stopper && callbacks_.stopper->stopped() ? "interrupted"
                   : given_up && remaining_s() > 0.0
                       ? "some ends are not decided more finely: the network's own rounding, or "
                         "operators that no split makes bounds of better"
                       : "out of time";
    for (std::size_t r = 0; r < form_count(); ++r)
      found.ranges.push_back({outer(ends_[2 * r]), outer(ends_[2 * r + 1])});
    return found;
  }

  const Network& network_;
  const std::vector<double> lower_, upper_, forms_;
  const RangeSettings& settings_;
  const Options& options_;
  const Callbacks& callbacks_;
  const Clock::time_point start_;
  const Bounder bounder_;
  ExtremeSearch extremes_;
  std::vector<End> ends_;  // [2 R] lower, upper
  int queries_ = 0;
};

}  // namespace

namespace {

/// The objectives, every output where there are none.
std::vector<double> checked_forms(const Network& network, std::span<const double> objectives) {
  const std::size_t M = network.output_size();
  std::vector<double> forms(objectives.begin(), objectives.end());
  if (forms.empty()) {
    forms.assign(M * M, 0.0);
    for (std::size_t j = 0; j < M; ++j) forms[j * M + j] = 1.0;
  }
  if (forms.size() % M != 0) {
    throw InputError("objectives of this network have " + std::to_string(M) +
                     " coefficients each, got " + std::to_string(forms.size()) + " numbers");
  }
  for (std::size_t r = 0; r < forms.size() / M; ++r) {
    bool any = false;
    for (std::size_t j = 0; j < M; ++j) {
      if (!std::isfinite(forms[r * M + j]))
        throw InputError("objective " + std::to_string(r) +
                         " has a coefficient that is not finite");
      any = any || forms[r * M + j] != 0.0;
    }
    if (!any) throw InputError("objective " + std::to_string(r) + " is all zeros");
  }
  return forms;
}

}  // namespace

Ranges range_of(const Network& network, std::span<const double> lower,
                std::span<const double> upper, std::span<const double> objectives,
                const RangeSettings& settings, const Options& options, const Callbacks& callbacks) {
  SavedRun::refuse(callbacks);
  if (!(settings.gap >= 0.0) || !(settings.gap_absolute >= 0.0))
    throw InputError("a gap must be 0 or more");
  if (!(settings.time_limit_s >= 0.0)) throw InputError("the time limit must be 0 seconds or more");
  return RangeSearch(network, lower, upper, checked_forms(network, objectives), settings, options,
                     callbacks)
      .run();
}

}  // namespace clipbound

// Idea: workers take the newest open subproblems from one stack, kLanes at a time. What closes a
// leaf goes to the spool at once; a node of the tree is a few numbers.
// Source: as the header.
// Guarantees: see the header.
#include "solver/certificate/phase_tree.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/parallel.h"
#include "solver/activation_split/subproblem_lanes.h"

namespace clipbound::solver {

namespace {

// A leaf's bound is above 0 by this share of the root's. Roundings are some 1e-13 of what bounds
// are made of.
constexpr double kMargin = 1e-8;
constexpr int kIterations = 10;       // of slopes and multipliers, per batch
constexpr int kLastIterations = 400;  // where nothing is left to split
// Subtrees that checkers may give to threads: at least so many, if their sizes allow it.
constexpr std::uint64_t kApart = 128;

}  // namespace

/// What one thread does.
class PhaseTree::Worker {
 public:
  explicit Worker(PhaseTree& tree)
      : tree_(tree), lanes_(tree.problem_), strategy_(branching_strategy("auto")) {}

  void run(double end) {
    try {
      for (std::vector<Open> batch = tree_.take(end); !batch.empty(); batch = tree_.take(end)) {
        const int taken = static_cast<int>(batch.size());
        tree_.give_back(advance(std::move(batch)), taken);
      }
    } catch (...) {
      tree_.abandon();
      throw;
    }
  }

 private:
  std::vector<Open> advance(std::vector<Open> batch) {
    std::vector<ActivationSubproblem> subproblems;
    for (Open& open : batch) subproblems.push_back(std::move(open.subproblem));
    lanes_.load(subproblems);
    SlopeSchedule schedule;
    schedule.iterations = kIterations;
    schedule.enough = tree_.margin_;
    if (std::any_of(batch.begin(), batch.end(), [](const Open& open) { return open.is_last; })) {
      schedule.iterations = kLastIterations;
      schedule.decay = 0.99;
    }
    const Vec bound = lanes_.optimizer.maximize(lanes_.bounder, lanes_.cone, lanes_.rows, schedule);
    const std::vector<char> closed = close_lanes(batch, subproblems);
    std::vector<Open> open;
    if (std::find(closed.begin(), closed.end(), 0) == closed.end()) return open;
    lanes_.bounder.lower_bound(lanes_.cone, lanes_.rows);
    lanes_.bounder.differentiate(lanes_.cone);
    for (std::size_t k = 0; k < batch.size(); ++k) {
      if (closed[k] != 0) continue;
      subproblems[k].bound = std::max(subproblems[k].bound, bound[static_cast<int>(k)]);
      split(std::move(subproblems[k]), static_cast<int>(k), batch[k], open);
    }
    return open;
  }

  /// Writes what closes lanes; those that stay open keep their parameters.
  std::vector<char> close_lanes(const std::vector<Open>& batch,
                                const std::vector<ActivationSubproblem>& subproblems) {
    const std::size_t count = batch.size();
    std::vector<char> closed(count, 0);
    const std::vector<Vec> best = lanes_.bounder.lanes.alpha_or_beta;
    const Vec bound = lanes_.bounder.lower_bound(lanes_.cone, lanes_.rows);
    bool any = false;
    for (std::size_t k = 0; k < count; ++k) {
      closed[k] = bound[static_cast<int>(k)] > tree_.margin_ ? 1 : 0;
      any = any || closed[k] != 0;
    }
    if (!any) return closed;
    shorten(closed);
    inherit(closed);
    const Vec last = lanes_.bounder.lower_bound(lanes_.cone, lanes_.rows);
    for (std::size_t k = 0; k < count; ++k) {
      if (closed[k] == 0) continue;
      closed[k] = last[static_cast<int>(k)] > tree_.margin_ ? 1 : 0;
      if (closed[k] != 0) tree_.close(batch[k].node, leaf(subproblems[k], static_cast<int>(k)));
    }
    lanes_.bounder.lanes.alpha_or_beta = best;
    return closed;
  }

  bool has_slope(int lane, Unstable u) const { return !lanes_.bounder.lanes.has_phase(lane, u); }

  /// Slopes of two bytes where the bound stands them, else of four; multipliers have four.
  void shorten(const std::vector<char>& closed) {
    std::vector<Vec>& parameters = lanes_.bounder.lanes.alpha_or_beta;
    const std::vector<Vec> before = parameters;
    for (const Unstable u : lanes_.unstable) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const double value = at(parameters, u)[lane];
        at(parameters, u)[lane] = has_slope(lane, u)
                                      ? short_slope(value)
                                      : static_cast<double>(static_cast<float>(value));
      }
    }
    const Vec bound = lanes_.bounder.lower_bound(lanes_.cone, lanes_.rows);
    for (std::size_t k = 0; k < closed.size(); ++k) {
      const int lane = static_cast<int>(k);
      if (closed[k] == 0 || bound[lane] > tree_.margin_) continue;
      for (const Unstable u : lanes_.unstable)
        at(parameters, u)[lane] = static_cast<double>(static_cast<float>(at(before, u)[lane]));
    }
  }

  /// Slopes that matter little become those of the root, which cost nothing.
  void inherit(const std::vector<char>& closed) {
    AlphaBetaBounder& bounder = lanes_.bounder;
    std::vector<Vec>& parameters = bounder.lanes.alpha_or_beta;
    const Vec bound = bounder.lower_bound(lanes_.cone, lanes_.rows);
    bounder.differentiate(lanes_.cone);
    const std::vector<Vec> before = parameters;
    for (std::size_t k = 0; k < closed.size(); ++k) {
      const int lane = static_cast<int>(k);
      if (closed[k] == 0 || !(bound[lane] > tree_.margin_)) continue;
      std::vector<std::pair<double, Unstable>> losses;
      for (const Unstable u : lanes_.unstable) {
        if (!has_slope(lane, u)) continue;
        const double change =
            static_cast<double>(at(tree_.root_slopes_, u)) - at(parameters, u)[lane];
        if (change != 0.0)
          losses.emplace_back(std::fabs(at(bounder.gradient, u)[lane] * change), u);
      }
      std::sort(losses.begin(), losses.end());
      double left = 0.5 * (bound[lane] - tree_.margin_);
      for (const auto& [loss, u] : losses) {
        left -= loss;
        if (left < 0.0) break;
        at(parameters, u)[lane] = static_cast<double>(at(tree_.root_slopes_, u));
      }
    }
    const Vec after = bounder.lower_bound(lanes_.cone, lanes_.rows);
    for (std::size_t k = 0; k < closed.size(); ++k) {
      const int lane = static_cast<int>(k);
      if (after[lane] > tree_.margin_) continue;
      for (const Unstable u : lanes_.unstable) at(parameters, u)[lane] = at(before, u)[lane];
    }
  }

  /// The records of a closed lane.
  std::string leaf(const ActivationSubproblem& subproblem, int lane) const {
    const SparseNetwork& network = lanes_.network;
    const std::vector<Vec>& parameters = lanes_.bounder.lanes.alpha_or_beta;
    std::vector<std::vector<SlopeChoice>> slopes(static_cast<std::size_t>(network.layers()));
    for (const Unstable u : lanes_.unstable) {
      const auto slope = static_cast<float>(at(parameters, u)[lane]);
      if (has_slope(lane, u) && slope != at(tree_.root_slopes_, u))
        at(slopes, at(network.layer_of, u)).push_back({tree_.neuron(u), slope});
    }
    Records records;
    for (std::size_t k = 0; k < slopes.size(); ++k) {
      std::sort(slopes[k].begin(), slopes[k].end(),
                [](const SlopeChoice& a, const SlopeChoice& b) { return a.neuron < b.neuron; });
      write_slopes(tree_.layers_, k, slopes[k], records);
    }
    const ActivationClause& clause = tree_.problem_.clauses.front();
    Records multipliers;
    std::size_t count = 1;
    multipliers.varint(static_cast<std::uint64_t>(subproblem.row - clause.first_row)).f32(1.0F);
    for (std::size_t d = 0; d < subproblem.relus.size(); ++d) {
      const auto beta = static_cast<float>(at(parameters, subproblem.relus[d].neuron)[lane]);
      if (!(beta > 0.0F)) continue;
      multipliers.varint(static_cast<std::uint64_t>(clause.rows) + d).f32(beta);
      ++count;
    }
    return records.tag('L').varint(count).append(multipliers.bytes()).bytes();
  }

  void split(ActivationSubproblem parent, int lane, const Open& from, std::vector<Open>& open) {
    choose_row(parent, lane);
    const std::optional<ChosenSplit> chosen = choose_split(strategy_, lanes_, parent, lane);
    parent.alpha_or_beta = lanes_.save_parameters(lane);
    if (!chosen) {
      // Once more with longer ascents; then no time helps.
      const std::scoped_lock lock(tree_.mutex_);
      tree_.stuck_ = tree_.stuck_ || from.is_last;
      open.push_back({std::move(parent), from.node, true});
      return;
    }
    const std::uint32_t first = tree_.split_node(from.node, chosen->neuron);
    for (const SplitSide side : kSplitSides) {
      ActivationSubproblem child = child_of(parent, Share());
      lanes_.add_split(child, lane, chosen->neuron, side);
      child.newest_start = chosen->start[static_cast<std::size_t>(side)];
      open.push_back({std::move(child), first + (side == SplitSide::upper ? 1U : 0U)});
    }
  }

  /// The row that is nearest to being excluded with the lane's parameters.
  void choose_row(ActivationSubproblem& subproblem, int lane) {
    const ActivationClause& clause = tree_.problem_.clauses.front();
    if (clause.rows == 1) return;
    LaneRows rows = lanes_.begin_probe(lane, subproblem.row);
    double best = -kInfinity;
    for (std::int64_t first = 0; first < clause.rows; first += kLanes) {
      for (int k = 0; k < kLanes; ++k)
        rows.which[k] = clause.first_row + std::min<std::int64_t>(first + k, clause.rows - 1);
      const Vec bound = lanes_.probe.lower_bound(lanes_.cone, rows);
      for (int k = 0; k < kLanes; ++k) {
        if (!(bound[k] > best)) continue;
        best = bound[k];
        subproblem.row = rows.which[k];
      }
    }
  }

  PhaseTree& tree_;
  SubproblemLanes lanes_;
  const BranchingStrategy& strategy_;
};

PhaseTree::PhaseTree(const ActivationProblem& problem, const FileLayers& layers, Spool& spool,
                     int threads, const base::Deadline& deadline)
    : problem_(problem), layers_(layers), spool_(spool), threads_(threads), deadline_(deadline) {
  ActivationSubproblem root;
  const ActivationClause& clause = problem.clauses.front();
  const auto bound = [&](std::int64_t r) { return at(problem.root.lower, r); };
  root.row = clause.first_row;
  for (std::int64_t r = clause.first_row; r < clause.first_row + clause.rows; ++r)
    if (bound(r) > bound(root.row)) root.row = r;
  root.bound = bound(root.row);
  margin_ = kMargin * (1.0 + std::fabs(root.bound));
  root_slopes_ = at(problem.root.alpha_or_beta, root.row);
  for (float& slope : root_slopes_)
    slope = static_cast<float>(short_slope(static_cast<double>(slope)));
  root.alpha_or_beta = std::make_shared<const std::vector<float>>(root_slopes_);
  nodes_.emplace_back();
  open_.push_back({std::move(root), 0});
}

std::uint32_t PhaseTree::neuron(Unstable u) const {
  const SparseNetwork& network = *problem_.network;
  const SparseNetworkLayer& layer = network.layer(at(network.layer_of, u));
  return static_cast<std::uint32_t>(at(layer.neurons, raw(at(network.live_of, u)) - layer.first));
}

bool PhaseTree::search(double seconds) {
  const double end = deadline_.spent_s() + seconds;
  base::run_workers(threads_, [&](int) { Worker(*this).run(end); });
  return open_.empty();
}

std::vector<PhaseTree::Open> PhaseTree::take(double end) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !open_.empty() || at_work_ == 0 || stuck_; });
  std::vector<Open> batch;
  if (stuck_ || deadline_.expired() || deadline_.spent_s() > end) return batch;
  while (!open_.empty() && batch.size() < kLanes) {
    batch.push_back(std::move(open_.back()));
    open_.pop_back();
  }
  at_work_ += static_cast<int>(batch.size());
  return batch;
}

void PhaseTree::give_back(std::vector<Open> open, int taken) {
  const std::scoped_lock lock(mutex_);
  for (Open& one : open) open_.push_back(std::move(one));
  at_work_ -= taken;
  changed_.notify_all();
}

void PhaseTree::abandon() {
  const std::scoped_lock lock(mutex_);
  stuck_ = true;
  changed_.notify_all();
}

std::uint32_t PhaseTree::split_node(std::uint32_t node, Unstable neuron) {
  const std::scoped_lock lock(mutex_);
  const auto first = static_cast<std::uint32_t>(nodes_.size());
  nodes_[node].split = neuron;
  nodes_[node].children = first;
  nodes_.resize(nodes_.size() + 2);
  return first;
}

void PhaseTree::close(std::uint32_t node, std::string_view records) {
  const Spool::Part part = spool_.append(records);
  const std::scoped_lock lock(mutex_);
  nodes_[node].leaf = part;
  ++leaves_;
}

std::string PhaseTree::split_record(Unstable neuron) const {
  const auto k = static_cast<std::size_t>(at(problem_.network->layer_of, neuron));
  const std::size_t of_file = layers_.neuron(k, this->neuron(neuron));
  return Records().tag('N').varint(layers_.numbers[k]).varint(of_file).f32(0.0F).bytes();
}

std::string PhaseTree::root_records(ScopeSlopes& slopes) const {
  const SparseNetwork& network = *problem_.network;
  std::vector<std::vector<SlopeChoice>> chosen(static_cast<std::size_t>(network.layers()));
  for (std::int32_t u = 0; u < network.unstable_count(); ++u)
    at(chosen, at(network.layer_of, u)).push_back({neuron(Unstable{u}), at(root_slopes_, u)});
  Records records;
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    std::sort(chosen[k].begin(), chosen[k].end(),
              [](const SlopeChoice& a, const SlopeChoice& b) { return a.neuron < b.neuron; });
    write_slopes(layers_, k, slopes.change(k, chosen[k]), records);
  }
  return records.bytes();
}

std::vector<std::uint64_t> PhaseTree::sizes(std::vector<char>& apart) const {
  std::vector<std::uint64_t> size(nodes_.size());
  for (std::size_t k = nodes_.size(); k-- > 0;) {
    const Node& node = nodes_[k];
    size[k] = node.children == 0
                  ? node.leaf.size
                  : split_record(node.split).size() + size[node.children] + size[node.children + 1];
  }
  // Outermost subtrees of at most a share of all: their own sizes have no lengths in them.
  apart.assign(nodes_.size(), 0);
  const std::uint64_t most = size[0] / kApart;
  for (std::size_t k = 0; k < nodes_.size(); ++k) {
    if (nodes_[k].children == 0 || size[k] <= most) continue;
    for (const std::uint32_t child : {nodes_[k].children, nodes_[k].children + 1})
      if (size[child] <= most || nodes_[child].children == 0) apart[child] = 1;
  }
  return size;
}

}  // namespace clipbound::solver

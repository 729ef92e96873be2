#include "solver/balance/balancer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace clipbound::solver {

using Kind = BalanceMessage::Kind;

std::vector<int> Balancer::lifelines(int rank, int ranks) {
  std::vector<int> list;
  for (std::int64_t step = 1; step < ranks; step *= 2)
    list.push_back(static_cast<int>((rank + step) % ranks));
  return list;
}

std::vector<int> Balancer::children(int rank, int ranks, int arity) {
  std::vector<int> list;
  for (int c = 1; c <= arity; ++c) {
    const std::int64_t child = std::int64_t{rank} * arity + c;
    if (child < ranks) list.push_back(static_cast<int>(child));
  }
  return list;
}

Balancer::Balancer(int rank, int ranks, const BalanceSettings& settings, Transport& transport,
                   Workload& workload)
    : rank_(rank),
      ranks_(ranks),
      settings_(settings),
      transport_(transport),
      workload_(workload),
      lifelines_(lifelines(rank, ranks)),
      children_(children(rank, ranks, settings.tree_arity)),
      random_(settings.seed * 0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(rank)),
      wave_every_s_(settings.first_wave_s) {}

void Balancer::receive(int from, BalanceMessage message, double now_s) {
  const auto is_from = [from](const Taker& taker) { return taker.rank == from; };
  switch (message.kind) {
    case Kind::ask: {
      const auto known = std::find_if(takers_.begin(), takers_.end(), is_from);
      if (known == takers_.end()) {
        takers_.push_back({from, message.waits});
      } else {
        known->waits = known->waits || message.waits;
      }
      break;
    }
    case Kind::cancel: std::erase_if(takers_, is_from); break;
    case Kind::refuse:
      std::erase(asked_, from);
      patient_until_s_ = now_s;
      break;
    case Kind::give:
      ++received_;
      spare_.push_back(std::move(message.portion));
      std::erase(asked_, from);
      withdraw();
      break;
    case Kind::wave:
      wave_ = message.wave;
      take_part_in_wave();
      break;
    case Kind::tally:
      if (message.wave != wave_ || tallies_missing_ == 0) break;
      sum_.active += message.tally.active;
      sum_.given += message.tally.given;
      sum_.received += message.tally.received;
      if (--tallies_missing_ == 0) end_wave(sum_);
      break;
    case Kind::over: tell_over(); break;
  }
}

void Balancer::hold() {
  holds_ = true;
  workload_.request(0);
}

void Balancer::step(double now_s) {
  next_step_s_ = kNever;
  if (over_) return;
  // Whoever is idle begins with what has arrived: portions would go round for ever otherwise.
  if (!holds_ && !workload_.is_busy()) find_work(now_s);
  serve();
  if (rank_ == 0 && !is_active()) begin_wave(now_s);
}

/// Gives what there is to those who have asked.
void Balancer::serve() {
  if (holds_) return;
  while (!takers_.empty() && !spare_.empty() && workload_.is_busy()) {
    // What was not begun with is whole: the newest arrived from far, and is as good as any.
    std::string portion = std::move(spare_.back());
    spare_.pop_back();
    give(std::move(portion));
  }
  for (std::string& portion : workload_.take(takers_.size())) {
    if (takers_.empty()) {
      spare_.push_back(std::move(portion));
    } else {
      give(std::move(portion));
    }
  }
  workload_.request(takers_.size());
}

void Balancer::give(std::string portion) {
  const int to = takers_.front().rank;
  takers_.pop_front();
  ++given_;
  transport_.send(to, {.kind = Kind::give, .portion = std::move(portion)});
}

void Balancer::find_work(double now_s) {
  if (!spare_.empty() && workload_.accepts()) {
    std::string portion = std::move(spare_.front());
    spare_.pop_front();
    return workload_.accept(std::move(portion));
  }
  std::erase_if(takers_, [&](const Taker& taker) {
    if (!taker.waits) send(taker.rank, Kind::refuse);
    return !taker.waits;
  });
  if (ranks_ == 1 || !workload_.accepts()) return;
  ask_somebody(now_s);
}

void Balancer::ask_somebody(double now_s) {
  if (is_registered_) return;
  if (!asked_.empty() && now_s < patient_until_s_) {
    next_step_s_ = std::min(next_step_s_, patient_until_s_);
    return;
  }
  if (random_asks_ < std::min(settings_.random_asks, ranks_ - 1)) {
    ++random_asks_;
    std::uniform_int_distribution<int> other(0, ranks_ - 2);
    int victim = other(random_);
    if (victim >= rank_) ++victim;
    patient_until_s_ = now_s + settings_.patience_s;
    next_step_s_ = std::min(next_step_s_, patient_until_s_);
    if (std::find(asked_.begin(), asked_.end(), victim) != asked_.end()) return;
    asked_.push_back(victim);
    return send(victim, Kind::ask);
  }
  is_registered_ = true;
  for (const int line : lifelines_) {
    if (std::find(asked_.begin(), asked_.end(), line) == asked_.end()) asked_.push_back(line);
    send(line, Kind::ask, true);
  }
}

/// There is work: what was asked for elsewhere is not needed.
void Balancer::withdraw() {
  for (const int rank : asked_) send(rank, Kind::cancel);
  asked_.clear();
  random_asks_ = 0;
  is_registered_ = false;
}

void Balancer::begin_wave(double now_s) {
  if (wave_runs_) return;
  if (now_s < next_wave_s_) {
    next_step_s_ = std::min(next_step_s_, next_wave_s_);
    return;
  }
  next_wave_s_ = now_s + wave_every_s_;
  wave_every_s_ = std::min(2.0 * wave_every_s_, settings_.last_wave_s);
  next_step_s_ = std::min(next_step_s_, next_wave_s_);
  wave_runs_ = true;
  ++wave_;
  take_part_in_wave();
}

void Balancer::take_part_in_wave() {
  tallies_missing_ = children_.size();
  sum_ = {};
  for (const int child : children_) transport_.send(child, {.kind = Kind::wave, .wave = wave_});
  if (children_.empty()) end_wave(sum_);
}

/// All of the subtree have said what they have. Rank 0 knows of all then.
void Balancer::end_wave(const BalanceTally& sum) {
  BalanceTally all = sum;
  all.active += is_active() ? 1 : 0;
  all.given += given_;
  all.received += received_;
  if (rank_ != 0) {
    transport_.send(parent(rank_, settings_.tree_arity),
                    {.kind = Kind::tally, .wave = wave_, .tally = all});
    return;
  }
  wave_runs_ = false;
  const bool quiet = all.active == 0 && all.given == all.received;
  if (quiet && last_was_quiet_ && all == last_sum_) return tell_over();
  // Where somebody works, the end is not near; where nobody did, the second wave follows at once.
  if (quiet) next_wave_s_ = 0.0;
  if (!quiet && all.given != last_sum_.given) wave_every_s_ = settings_.first_wave_s;
  last_was_quiet_ = quiet;
  last_sum_ = all;
  next_step_s_ = std::min(next_step_s_, next_wave_s_);
}

void Balancer::tell_over() {
  over_ = true;
  for (const int child : children_) send(child, Kind::over);
}

std::vector<std::vector<std::size_t>> deal(std::span<const std::uint32_t> depths,
                                           std::size_t hands) {
  constexpr std::uint32_t kDeepest = 1000;  // beyond it shares count as equal
  std::vector<std::size_t> order(depths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return depths[a] < depths[b]; });
  std::vector<double> held(hands, 0.0);
  std::vector<std::vector<std::size_t>> dealt(hands);
  for (const std::size_t k : order) {
    const auto least = std::min_element(held.begin(), held.end());
    dealt[static_cast<std::size_t>(least - held.begin())].push_back(k);
    *least += std::ldexp(1.0, -static_cast<int>(std::min(depths[k], kDeepest)));
  }
  return dealt;
}

}  // namespace clipbound::solver

#include "benchmarks/scaling/simulation.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <utility>

namespace clipbound::scaling {
namespace {

using solver::BalanceMessage;
using solver::Balancer;

struct Event {
  double at_s = 0.0;
  std::uint64_t order = 0;  // of what happens at one moment
  std::uint32_t rank = 0;
  std::uint32_t what = 0;  // kBatchEnds, kWakes, or kArrives + the message's place
  bool operator>(const Event& other) const {
    return at_s != other.at_s ? at_s > other.at_s : order > other.order;
  }
};
constexpr std::uint32_t kBatchEnds = 0, kWakes = 1, kArrives = 2;

struct Parcel {
  int from = 0;
  BalanceMessage message;
};

std::string pack(const std::vector<Node>& nodes) {
  std::string bytes(nodes.size() * sizeof(Node), '\0');
  std::memcpy(bytes.data(), nodes.data(), bytes.size());
  return bytes;
}

void unpack(const std::string& bytes, std::vector<Node>& nodes) {
  const std::size_t before = nodes.size();
  nodes.resize(before + bytes.size() / sizeof(Node));
  std::memcpy(nodes.data() + before, bytes.data(), bytes.size());
}

/// What all ranks share: events, messages on their way, the tree.
struct World {
  World(const Tree& searched, const Timing& times, const Machine& on)
      : tree(searched), timing(times), machine(on) {}

  void at(double when_s, int rank, std::uint32_t what) {
    events.push({when_s, order++, static_cast<std::uint32_t>(rank), what});
  }
  std::uint32_t keep(Parcel parcel) {
    if (free_places.empty()) {
      parcels.push_back(std::move(parcel));
      return static_cast<std::uint32_t>(parcels.size() - 1);
    }
    const std::uint32_t place = free_places.back();
    free_places.pop_back();
    parcels[place] = std::move(parcel);
    return place;
  }
  Parcel take(std::uint32_t place) {
    free_places.push_back(place);
    return std::move(parcels[place]);
  }

  const Tree& tree;
  const Timing& timing;
  const Machine& machine;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  std::uint64_t order = 0;
  std::vector<Parcel> parcels;
  std::vector<std::uint32_t> free_places;
  std::mt19937_64 random{20261201};
  Outcome outcome;
  double last_batch_s = 0.0;
};

class Rank final : public solver::Transport, public solver::Workload {
 public:
  Rank(World& world, int number)
      : world_(world),
        number_(number),
        balancer_(number, world.machine.ranks, world.machine.balance, *this, *this) {}
  Rank(const Rank&) = delete;
  Rank& operator=(const Rank&) = delete;

  void begin(double now_s, std::vector<Node> nodes) {
    stack_ = std::move(nodes);
    act(now_s);
  }
  void batch_ends(double now_s);
  void wakes(double now_s) {
    if (now_s < wake_s_) return;
    wake_s_ = kNever;
    act(now_s);
  }
  void arrives(double now_s, Parcel parcel);
  bool is_over() const { return balancer_.is_over(); }
  double over_s() const { return over_s_; }
  double first_batch_s() const { return first_batch_s_; }
  double busy_s() const { return busy_s_; }

  void send(int to, const BalanceMessage& message) override;
  bool is_busy() const override { return running_ || !stack_.empty(); }
  bool accepts() const override { return true; }
  void request(std::size_t) override {}  // take() is asked between batches anyway
  std::vector<std::string> take(std::size_t takers) override;
  void accept(std::string portion) override { unpack(portion, stack_); }

 private:
  static constexpr double kNever = std::numeric_limits<double>::infinity();
  void act(double now_s);
  void begin_batch();

  World& world_;
  const int number_;
  Balancer balancer_;
  std::vector<Node> stack_, batch_;
  std::vector<Parcel> inbox_;  // what came since the last poll
  bool running_ = false;
  double clock_s_ = 0.0;  // of the thread that talks: later than the event by what messages cost
  double wake_s_ = kNever, over_s_ = kNever, first_batch_s_ = kNever, busy_s_ = 0.0;
};

void Rank::send(int to, const BalanceMessage& message) {
  const Machine& machine = world_.machine;
  const double nodes = static_cast<double>(message.portion.size()) / sizeof(Node),
               bytes = nodes * machine.bytes_per_node;
  clock_s_ += machine.message_s;
  ++world_.outcome.messages;
  if (message.kind == BalanceMessage::Kind::give) ++world_.outcome.portions;
  const std::uint32_t place = world_.keep({number_, message});
  world_.at(clock_s_ + machine.latency_s + bytes / machine.bandwidth, to, kArrives + place);
}

/// Hears, answers, and goes on with the search where it is not at it.
void Rank::act(double now_s) {
  clock_s_ = std::max(clock_s_, now_s);
  for (Parcel& parcel : std::exchange(inbox_, {})) {
    clock_s_ += world_.machine.message_s;
    balancer_.receive(parcel.from, std::move(parcel.message), clock_s_);
  }
  balancer_.step(clock_s_);
  if (balancer_.is_over()) {
    over_s_ = std::min(over_s_, clock_s_);
    return;
  }
  if (!running_ && !stack_.empty()) begin_batch();
  const double next_s = std::max(clock_s_, balancer_.next_step_s());
  if (next_s == kNever || next_s == wake_s_) return;
  wake_s_ = next_s;
  world_.at(next_s, number_, kWakes);
}

void Rank::begin_batch() {
  const Timing& timing = world_.timing;
  const std::size_t full = static_cast<std::size_t>(timing.lanes),
                    count = std::min(stack_.size(), full);
  batch_.assign(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  double factor = 1.0;
  if (!timing.spread.empty()) factor = timing.spread[batch_.back().hash % timing.spread.size()];
  const double lasts_s = timing.batch_s * factor,
               used = static_cast<double>(count) / static_cast<double>(full);
  world_.outcome.full_s += lasts_s * used;
  world_.outcome.partial_s += lasts_s * (1.0 - used);
  world_.outcome.nodes += count;
  ++world_.outcome.batches;
  if (first_batch_s_ == kNever) {
    // What holds for the whole tree comes once, with the first portion.
    if (number_ != 0) clock_s_ += world_.machine.first_bytes / world_.machine.bandwidth;
    first_batch_s_ = clock_s_;
  }
  running_ = true;
  busy_s_ += lasts_s;
  world_.at(clock_s_ + lasts_s, number_, kBatchEnds);
}

void Rank::batch_ends(double now_s) {
  running_ = false;
  world_.last_batch_s = std::max(world_.last_batch_s, now_s);
  for (const Node& node : batch_) world_.tree.expand(node, stack_);
  act(now_s);
}

void Rank::arrives(double now_s, Parcel parcel) {
  inbox_.push_back(std::move(parcel));
  if (inbox_.size() > 1) return;  // heard at the same poll
  std::uniform_real_distribution<double> sleeps(0.0, world_.machine.poll_s);
  wake_s_ = std::max(now_s, clock_s_) + sleeps(world_.random);
  world_.at(wake_s_, number_, kWakes);
}

/// Every second node, oldest first: those have the largest subtrees.
std::vector<std::string> Rank::take(std::size_t takers) {
  if (running_ || takers == 0 || stack_.size() < 2) return {};
  std::vector<Node> kept, given;
  for (std::size_t k = 0; k < stack_.size(); ++k) (k % 2 == 0 ? given : kept).push_back(stack_[k]);
  stack_ = std::move(kept);
  std::vector<std::uint32_t> depths;
  for (const Node& node : given) depths.push_back(node.depth);
  std::vector<std::string> portions;
  for (const auto& hand : solver::deal(depths, std::min(takers, given.size()))) {
    std::vector<Node> nodes;
    for (const std::size_t k : hand) nodes.push_back(given[k]);
    portions.push_back(pack(nodes));
  }
  return portions;
}

/// Splits what is no computing into its causes.
void account(World& world, const std::vector<std::unique_ptr<Rank>>& ranks) {
  Outcome& outcome = world.outcome;
  double busy_s = 0.0;
  for (const auto& rank : ranks) {
    outcome.total_s = std::max(outcome.total_s, rank->over_s());
    busy_s += rank->busy_s();
    outcome.first_s += std::min(rank->first_batch_s(), world.last_batch_s) - outcome.root_s;
  }
  const auto count = static_cast<double>(ranks.size());
  outcome.end_s = count * (outcome.total_s - world.last_batch_s);
  outcome.wait_s =
      count * (outcome.total_s - outcome.root_s) - busy_s - outcome.first_s - outcome.end_s;
}

}  // namespace

Outcome simulate(const Tree& tree, const Timing& timing, const Machine& machine) {
  World world(tree, timing, machine);
  world.outcome.root_s = timing.root_s;
  std::vector<std::unique_ptr<Rank>> ranks;
  for (int r = 0; r < machine.ranks; ++r) ranks.push_back(std::make_unique<Rank>(world, r));
  for (int r = machine.ranks - 1; r >= 0; --r)
    ranks[static_cast<std::size_t>(r)]->begin(timing.root_s,
                                              r == 0 ? tree.roots() : std::vector<Node>{});
  while (!world.events.empty()) {
    const Event event = world.events.top();
    world.events.pop();
    Rank& rank = *ranks[event.rank];
    if (event.what == kBatchEnds) {
      rank.batch_ends(event.at_s);
    } else if (event.what == kWakes) {
      rank.wakes(event.at_s);
    } else {
      rank.arrives(event.at_s, world.take(event.what - kArrives));
    }
  }
  account(world, ranks);
  return world.outcome;
}

}  // namespace clipbound::scaling

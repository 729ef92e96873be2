#pragma once
// Idea: who asks whom for work, what is given, and when a search of many processes (ranks) is over.
// An idle rank asks a few others at random; where these have nothing it registers with its
// lifelines, the ranks 1, 2, 4, ... further on, and waits without a word: whoever of them has work
// later shares it. So work spreads in about log2(ranks) steps, no rank has more than log2(ranks)
// lifelines, nobody supervises, and idle ranks cause no traffic. Rank 0 finds the end by waves down
// and up a tree.
// Source: Saraswat, Kambadur, Kodali, Grove and Krishnamoorthy, "Lifeline-based global load
// balancing", PPoPP 2011; ours differs in that requests stay where they were made until they are
// served or withdrawn, because a batch of a large network takes longer than a message. The end:
// Mattern, "Algorithms for distributed termination detection", 1987 (four counters).
// Guarantees: every portion that is sent is given once; is_over() is said only where no rank has
// work, and none is on its way, provided that the transport loses nothing. Where it loses
// something, it is never said: what was given and what was received differ. It decides nothing
// about verdicts.
//
// How it is used, by MPI and by a simulation alike: one Balancer per rank, in one thread.
//   - step(now) after anything may have changed (a batch has ended, the search has become idle),
//   and
//     at next_step_s(), which is when the balancer waits for nothing but time;
//   - receive(from, message, now) for each message that arrives, then step(now);
//   - Transport::send() is called from within both; it must not call back.
// Time is any clock that does not go back, in seconds; it is used for differences alone.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace clipbound::solver {

/// What a wave adds up over ranks.
struct BalanceTally {
  std::uint64_t active = 0;    ///< ranks that have work
  std::uint64_t given = 0;     ///< portions that were sent
  std::uint64_t received = 0;  ///< portions that arrived
  friend bool operator==(const BalanceTally&, const BalanceTally&) = default;
};

/// What balancers of different ranks tell each other.
struct BalanceMessage {
  enum class Kind : std::uint8_t {
    ask,     ///< give me work; `waits`: or as soon as you have some, however long that takes
    cancel,  ///< what I asked you for has become needless
    refuse,  ///< I have nothing; of an `ask` that does not wait
    give,    ///< `portion`
    wave,    ///< number `wave` of rank 0's, down the tree
    tally,   ///< the sum over the sender's subtree, up the tree
    over     ///< nobody has work any more, down the tree
  };
  Kind kind = Kind::ask;
  bool waits = false;
  std::uint64_t wave = 0;
  BalanceTally tally = {};
  std::string portion = {};
};

/// Brings messages to other ranks, each once, those from one rank to one other in their order.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Returns at once.
  virtual void send(int to, const BalanceMessage& message) = 0;
};

/// The search of this rank, as its balancer sees it. A portion is some open subproblems as bytes,
/// which the balancer does not read.
class Workload {
 public:
  virtual ~Workload() = default;
  /// True while it has something to search, or to give.
  virtual bool is_busy() const = 0;
  /// False where it cannot begin with anything: it has ended, or has not come so far (it bounds the
  /// roots).
  virtual bool accepts() const = 0;
  /// So many ranks wait for a part of what it has; 0: none any more. It may take its time until the
  /// next batch has ended, and may never have enough for a part of it.
  virtual void request(std::size_t takers) = 0;
  /// Parts that are to be sent now, at most `takers`; from then on they are not this rank's.
  virtual std::vector<std::string> take(std::size_t takers) = 0;
  /// Begins with a portion; only while it is not busy.
  virtual void accept(std::string portion) = 0;
};

/// All times in seconds.
struct BalanceSettings {
  int random_asks = 2;          ///< before the lifelines
  double patience_s = 0.02;     ///< after which the next rank is asked, too
  double first_wave_s = 0.001;  ///< from one wave to the next, at first; it doubles
  double last_wave_s = 0.05;    ///< up to this
  int tree_arity = 8;           ///< children of a rank in the tree of waves
  std::uint64_t seed = 1;       ///< of victims, with the rank
};

class Balancer {
 public:
  /// What is given outlives it.
  Balancer(int rank, int ranks, const BalanceSettings& settings, Transport& transport,
           Workload& workload);

  void receive(int from, BalanceMessage message, double now_s);
  void step(double now_s);
  /// The moment at which step() is to be called though nothing has happened; infinity: none.
  double next_step_s() const { return next_step_s_; }
  /// Nobody has work, nor will have.
  bool is_over() const { return over_; }

  /// Between hold() and go_on() nothing is given, nor begun with: states of all ranks are gathered.
  void hold();
  void go_on() { holds_ = false; }
  /// Portions that this rank has sent, and those that arrived.
  std::uint64_t given() const { return given_; }
  std::uint64_t received() const { return received_; }
  /// What arrived and has not been begun with.
  const std::deque<std::string>& spare() const { return spare_; }

  /// The ranks with which `rank` registers: 1, 2, 4, ... further on.
  static std::vector<int> lifelines(int rank, int ranks);
  /// Its children and its parent (-1: none) in the tree of waves.
  static std::vector<int> children(int rank, int ranks, int arity);
  static int parent(int rank, int arity) { return rank == 0 ? -1 : (rank - 1) / arity; }

 private:
  struct Taker {
    int rank;
    bool waits;
  };
  void serve();
  void give(std::string portion);
  void find_work(double now_s);
  void ask_somebody(double now_s);
  void withdraw();
  void begin_wave(double now_s);
  void take_part_in_wave();
  void end_wave(const BalanceTally& sum);
  void tell_over();
  bool is_active() const { return workload_.is_busy() || !spare_.empty(); }
  void send(int to, BalanceMessage::Kind kind, bool waits = false) {
    transport_.send(to, {.kind = kind, .waits = waits});
  }

  static constexpr double kNever = std::numeric_limits<double>::infinity();

  const int rank_, ranks_;
  const BalanceSettings settings_;
  Transport& transport_;
  Workload& workload_;
  const std::vector<int> lifelines_, children_;
  std::mt19937_64 random_;

  std::deque<Taker> takers_;       // first come, first served
  std::deque<std::string> spare_;  // portions not begun with
  std::vector<int> asked_;         // requests of this rank's that are neither served nor refused
  int random_asks_ = 0;            // since it became idle
  bool is_registered_ = false;     // with its lifelines
  double patient_until_s_ = 0.0;
  std::uint64_t given_ = 0, received_ = 0;
  bool holds_ = false, over_ = false;

  std::uint64_t wave_ = 0;  // the last one that came by
  std::size_t tallies_missing_ = 0;
  BalanceTally sum_;             // of the children's tallies
  bool wave_runs_ = false;       // rank 0
  bool last_was_quiet_ = false;  // rank 0: the last wave found nobody active
  BalanceTally last_sum_;
  double next_wave_s_ = 0.0, wave_every_s_;
  double next_step_s_ = kNever;
};

/// Deals open subproblems out to so many hands, largest first, each to whoever has least by then:
/// [hands] their numbers. `depths`: a subproblem's share of its clause's tree is 2^-depth. What the
/// searches of this program give (solver/search/exchange.h): each thread that has at least two
/// subproblems on its stack gives every second one, the oldest (largest) first, between two
/// batches; what one request has brought together is dealt out to the takers.
std::vector<std::vector<std::size_t>> deal(std::span<const std::uint32_t> depths,
                                           std::size_t hands);

}  // namespace clipbound::solver

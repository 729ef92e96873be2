// Idea: this thread reads; subtrees that begin with a J are given to a pool.
// Source: docs/certificate.md.
// Guarantees: see the header.
#include "checker/kernel/certificate.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/errors.h"

namespace clipcheck {

namespace {

constexpr std::uint64_t kLargestTask = 64U << 20, kMostWaitingBytes = 128U << 20;

/// Runs tasks; the first error, by the tasks' numbers, is thrown by finish().
class Pool {
 public:
  explicit Pool(std::size_t threads) : most_waiting_(2 * threads) {
    for (std::size_t k = 0; k < threads; ++k) threads_.emplace_back([this] { work(); });
  }
  ~Pool() {
    {
      const std::scoped_lock lock(mutex_);
      done_ = true;
      tasks_.clear();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Waits while too much waits already; `bytes` is what the task holds.
  void add(std::uint64_t bytes, std::function<void()> task) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return error_ || tasks_.empty() ||
             (tasks_.size() < most_waiting_ && bytes_ + bytes <= kMostWaitingBytes);
    });
    if (error_) return;
    bytes_ += bytes;
    tasks_.push_back({next_++, bytes, std::move(task)});
    changed_.notify_all();
  }
  void finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return (tasks_.empty() && running_ == 0) || (error_ && running_ == 0); });
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void work() {
    round_upward();
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return done_ || !tasks_.empty(); });
      if (done_) return;
      auto [number, bytes, task] = std::move(tasks_.front());
      tasks_.pop_front();
      bytes_ -= bytes;
      ++running_;
      lock.unlock();
      std::exception_ptr error;
      try {
        task();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      --running_;
      if (error && (!error_ || number < error_number_)) {
        error_ = error;
        error_number_ = number;
      }
      changed_.notify_all();
    }
  }

  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  struct Task {
    std::uint64_t number, bytes;
    std::function<void()> run;
  };
  std::deque<Task> tasks_;
  std::uint64_t next_ = 0, error_number_ = 0, bytes_ = 0;  // bytes_: of those that wait
  std::size_t running_ = 0;
  bool done_ = false;
  std::exception_ptr error_;
  std::vector<std::thread> threads_;
};

template <class T>
class CertificateChecker : private Apart<T> {
 public:
  CertificateChecker(const Claim& claim, Stream& stream, const Checking& how)
      : claim_(claim),
        stream_(stream),
        how_(how),
        proved_(claim.clauses.size(), false),
        pool_(how.threads) {}

  Counts check() {
    header();
    TreeChecker<T> tree(claim_.system, stream_, this);
    while (true) {
      stream_.mark();
      const std::uint8_t tag = stream_.byte();
      if (tag == 'Z') break;
      if (tag != 'C') stream_.refuse("neither a clause nor the end");
      const Clause clause = next_clause();
      tree.check(root_scope<T>(claim_.system, clause));
    }
    if (!stream_.ended()) stream_.refuse("something follows the end");
    pool_.finish();
    for (const bool proved : proved_)
      if (!proved) stream_.refuse("a clause of the property has no proof");
    counts_ += tree.counts();
    return counts_;
  }

 private:
  void header() {
    stream_.mark();
    if (stream_.byte() != 'R') stream_.refuse("the claim is not known");
    const auto same = [&](const std::array<std::uint8_t, 32>& expected) {
      const std::vector<std::uint8_t> found = stream_.bytes(expected.size());
      return std::equal(found.begin(), found.end(), expected.begin());
    };
    if (!same(claim_.network_sha256)) stream_.refuse("it is about another network");
    if (!same(claim_.property_sha256)) stream_.refuse("it is about another property");
    const auto expect = [&](std::size_t value, const char* what) {
      if (stream_.varint() != value)
        stream_.refuse(std::string("it has another number of ") + what);
    };
    expect(claim_.system.inputs(), "inputs");
    expect(claim_.outputs.size(), "outputs");
    expect(claim_.system.layers(), "layers");
    for (std::size_t k = 0; k < claim_.system.layers(); ++k)
      expect(claim_.system.layer(k).count, "neurons in a layer");
    stream_.varint();  // clauses, for readers
  }

  /// A row as it is restated.
  struct Restated {
    bool strict;
    std::vector<std::pair<std::uint64_t, double>> terms;
    double threshold;
    bool operator==(const Restated&) const = default;
  };
  static Restated restated(const Row& row) {
    Restated result{row.strict, {}, nearest(row.threshold)};
    for (const Row::Term& term : row.terms)
      result.terms.emplace_back(term.element, nearest(term.coefficient));
    return result;
  }
  static double nearest(const mpq_class& x) {
    const double below = down(x), above = up(x);
    return x - mpq_class(below) <= mpq_class(above) - x ? below : above;
  }
  /// Reads a restated clause and returns the claim's own with its rows in the file's order; such
  /// clauses are proved once its tree is read.
  Clause next_clause() {
    std::vector<double> lower, upper;
    for (Index i = 0; i < claim_.system.inputs(); ++i) {
      lower.push_back(stream_.f64());
      upper.push_back(stream_.f64());
    }
    std::size_t most = 0;
    for (const Clause& clause : claim_.clauses) most = std::max(most, clause.rows.size());
    std::vector<Restated> rows;
    for (std::size_t count = stream_.index(most + 1, "number of rows"); count > 0; --count) {
      Restated row{};
      row.strict = stream_.index(2, "kind of row") == 1;
      const std::size_t variables = claim_.system.inputs() + claim_.outputs.size();
      for (std::size_t terms = stream_.index(variables + 1, "number of terms"); terms > 0;
           --terms) {
        const std::uint64_t variable = stream_.varint();
        row.terms.emplace_back(variable, stream_.f64());
      }
      row.threshold = stream_.f64();
      rows.push_back(std::move(row));
    }
    for (std::size_t k = 0; k < claim_.clauses.size(); ++k) {
      const Clause& clause = claim_.clauses[k];
      if (proved_[k] || clause.lower != lower || clause.upper != upper) continue;
      Clause ordered{lower, upper, {}};
      if (!order_rows(clause, rows, ordered)) continue;
      for (std::size_t j = k; j < claim_.clauses.size(); ++j)
        if (claim_.clauses[j] == clause) proved_[j] = true;
      return ordered;
    }
    stream_.refuse("the property has no such clause");
  }

  /// The clause's rows as the file lists them, about elements. All that the file lists must be
  /// there; the others are not used.
  bool order_rows(const Clause& clause, const std::vector<Restated>& rows, Clause& ordered) const {
    for (const Restated& row : rows) {
      const auto found = std::find_if(clause.rows.begin(), clause.rows.end(),
                                      [&](const Row& own) { return restated(own) == row; });
      if (found == clause.rows.end()) return false;
      ordered.rows.push_back(*found);
      for (Row::Term& term : ordered.rows.back().terms)
        term.element = term.element % 2 == 0 ? claim_.outputs[term.element / 2] : term.element / 2;
    }
    return true;
  }

  bool wants(std::uint64_t length) override {
    return length <= kLargestTask && (how_.threads > 1 || how_.shards > 1);
  }
  void check(std::vector<std::uint8_t> records, std::uint64_t offset, Scope<T> scope) override {
    if (subtrees_++ % how_.shards != how_.shard) return;
    auto bytes = std::make_shared<std::vector<std::uint8_t>>(std::move(records));
    auto begin = std::make_shared<Scope<T>>(std::move(scope));
    pool_.add(bytes->size(), [this, bytes, begin, offset] {
      MemoryStream stream(std::move(*bytes), offset);
      TreeChecker<T> tree(claim_.system, stream);
      tree.check(std::move(*begin));
      if (!stream.ended()) stream.refuse("a subtree has another length");
      const std::scoped_lock lock(counts_mutex_);
      counts_ += tree.counts();
    });
  }

  const Claim& claim_;
  Stream& stream_;
  const Checking& how_;
  std::vector<bool> proved_;
  std::uint64_t subtrees_ = 0;
  std::mutex counts_mutex_;
  Counts counts_;
  Pool pool_;
};

}  // namespace

Counts check_certificate(const Claim& claim, Stream& stream, const Checking& how) {
  round_upward();
  if (how.exact) return CertificateChecker<mpq_class>(claim, stream, how).check();
  return CertificateChecker<double>(claim, stream, how).check();
}

}  // namespace clipcheck

// Hunts for a verified certificate of a query that has a counterexample.
//
//   hunt_certificates [--seed 1] [--count N] [--seconds 0.02]
//
// Networks and planted counterexamples are those of the hunt; of those that clipbound-check reads,
// --count are tried. To each come: the producer's own certificate, were it to make one; trees that
// halve the box and bound all layers; the producer's certificate of a property that is easier to
// refute, with hash, box and rows of the planted one; and random changes of all of these. Exits
// with 1 where one of them was verified.
#include <cstdio>
#include <random>
#include <sstream>

#include "base/blas.h"
#include "checker/reader/files.h"
#include "clipbound/certificate.h"
#include "tests/checker/models.h"
#include "tests/checker/mutations.h"
#include "tests/cli/child.h"
#include "tests/hunt/hunted.h"

namespace clipcheck {
namespace {

struct Tally {
  std::uint64_t seeds = 0, networks = 0, files = 0, certificates = 0, verified = 0;
  std::uint64_t open_leaves = 0;  ///< files that were refused for that
};

class Attempt {
 public:
  Attempt(const clipbound::test::Hunted& hunted, std::uint64_t seed, double seconds)
      : random_(seed), seconds_(seconds) {
    std::fesetround(FE_TONEAREST);
    net_ = scratch_.write("net.onnx", hunted.network);
    property_ = scratch_.write("query.vnnlib", hunted.property);
    network_ = read_onnx(hunted.network, ".");
    clauses_ = read_vnnlib(hunted.property, network_.signature);
  }

  void run(Tally& tally) {
    ++tally.networks;
    if (const auto own = certificate_of(property_)) try_file(*own, tally);
    for (int depth = 0; depth < 4; ++depth) try_file(halved(depth), tally);
    for (const double shift : {1e-3, 0.1, 10.0}) {
      const auto easier = certificate_of(scratch_.write("easier.vnnlib", text(shift)));
      if (!easier) continue;
      ++tally.certificates;
      try_file(*easier, tally);
      break;
    }
  }

 private:
  /// As the producer makes it.
  std::optional<Records> certificate_of(const std::string& property) {
    std::fesetround(FE_TONEAREST);
    try {
      std::string bytes;
      const bool written = clipbound::write_certificate(
          clipbound::Network::load(net_), clipbound::Query::load(property), clipbound::Options(),
          seconds_, [&](std::string_view more) { bytes += more; });
      if (!written) return {};
      return parse(stream_of(scratch_.write("certificate", bytes)));
    } catch (const std::exception&) {
      return {};  // not covered
    }
  }

  /// The property with all thresholds lower by so much, relative to their size.
  std::string text(double shift) const {
    std::ostringstream out;
    out.precision(17);
    for (Index i = 0; i < network_.system.inputs(); ++i)
      out << "(declare-const X_" << i << " Real)";
    for (std::size_t j = 0; j < network_.outputs.size(); ++j)
      out << "(declare-const Y_" << j << " Real)";
    out << "(assert (or ";
    for (const Clause& clause : clauses_) {
      out << "(and";
      for (std::size_t i = 0; i < clause.lower.size(); ++i)
        out << " (>= X_" << i << " " << clause.lower[i] << ") (<= X_" << i << " " << clause.upper[i]
            << ")";
      for (const Row& row : clause.rows) {
        out << (row.strict ? " (< " : " (<= ") << "(+ 0.0";
        for (const Row::Term& term : row.terms)
          out << " (* " << term.coefficient.get_d() << (term.element % 2 == 0 ? " Y_" : " X_")
              << term.element / 2 << ")";
        const double t = row.threshold.get_d();
        out << ") " << t - shift * (1.0 + std::fabs(t)) << ")";
      }
      out << ")";
    }
    out << "))";
    return out.str();
  }

  Tree halved(const Clause& clause, std::vector<double> lower, std::vector<double> upper,
              int depth) {
    Tree tree;
    tree.steps.push_back({.tag = 'I'});
    for (std::size_t k = 0; k < network_.system.layers(); ++k) {
      tree.steps.push_back({.tag = 'B'});
      tree.steps.back().layer = k;
    }
    if (depth == 0) {
      for (std::size_t r = 0; r < clause.rows.size(); ++r)
        if (r == 0 || random_() % 2 == 0) tree.mults.push_back({r, 1.0F});
      return tree;
    }
    std::size_t widest = 0;
    for (std::size_t i = 0; i < lower.size(); ++i)
      if (upper[i] - lower[i] > upper[widest] - lower[widest]) widest = i;
    tree.end = 'X';
    tree.input = widest;
    tree.at = (lower[widest] + upper[widest]) / 2;
    std::vector<double> middle = upper;
    middle[widest] = tree.at;
    tree.first = std::make_unique<Tree>(halved(clause, lower, middle, depth - 1));
    lower[widest] = tree.at;
    tree.second = std::make_unique<Tree>(halved(clause, lower, upper, depth - 1));
    return tree;
  }
  Records halved(int depth) {
    Records records;
    records.sizes = {network_.system.inputs(), network_.outputs.size(), network_.system.layers()};
    for (std::size_t k = 0; k < network_.system.layers(); ++k)
      records.sizes.push_back(network_.system.layer(k).count);
    records.clauses.resize(clauses_.size());
    for (std::size_t k = 0; k < clauses_.size(); ++k)
      records.clauses[k].tree = halved(clauses_[k], clauses_[k].lower, clauses_[k].upper, depth);
    return records;
  }

  /// With the planted property's hashes and clauses, as it is and changed.
  void try_file(Records records, Tally& tally) {
    const Digest network = read_file(net_).sha256, property = read_file(property_).sha256;
    records.network.assign(network.begin(), network.end());
    records.property.assign(property.begin(), property.end());
    if (records.clauses.size() > clauses_.size()) return;
    for (std::size_t k = 0; k < records.clauses.size(); ++k) {
      ClauseText& text = records.clauses[k];
      text.edges.clear();
      text.rows.clear();
      for (std::size_t i = 0; i < clauses_[k].lower.size(); ++i) {
        text.edges.push_back(clauses_[k].lower[i]);
        text.edges.push_back(clauses_[k].upper[i]);
      }
      for (const Row& row : clauses_[k].rows) {
        auto& restated = text.rows.emplace_back();
        restated.strict = row.strict ? 1 : 0;
        for (const Row::Term& term : row.terms)
          restated.terms.emplace_back(term.element, term.coefficient.get_d());
        restated.threshold = row.threshold.get_d();
      }
    }
    for (int change = 0; change < 4; ++change) {
      Records changed = records;
      if (change > 0) shake(changed, random_);
      ++tally.files;
      const std::string why =
          verdict({network_.system, network_.outputs, clauses_, network, property}, write(changed),
                  {.exact = random_() % 16 == 0});
      tally.verified += why.empty() ? 1 : 0;
      tally.open_leaves += why.find("a leaf is not closed") != std::string::npos ? 1 : 0;
      std::fesetround(FE_TONEAREST);
    }
  }

  std::mt19937_64 random_;
  double seconds_;
  clipbound::test::Scratch scratch_;
  std::string net_, property_;
  CheckedNetwork network_;
  std::vector<Clause> clauses_;
};

int hunt(std::uint64_t seed, std::uint64_t count, double seconds) {
  Tally tally;
  const auto report = [&] {
    std::printf("%s\n",
                (std::to_string(tally.networks) + " networks of " + std::to_string(tally.seeds) +
                 " seeds, " + std::to_string(tally.files) + " certificates, " +
                 std::to_string(tally.certificates) + " networks with one of the producer, " +
                 std::to_string(tally.open_leaves) + " refused for an open leaf, " +
                 std::to_string(tally.verified) + " verified")
                    .c_str());
    std::fflush(stdout);
  };
  for (; tally.networks < count; ++seed, ++tally.seeds) {
    const auto hunted = clipbound::test::hunted(seed);
    if (!hunted) continue;
    const std::uint64_t before = tally.verified, networks = tally.networks;
    try {
      Attempt(*hunted, seed, seconds).run(tally);
    } catch (const Unreadable&) {
    }
    if (tally.verified > before)
      std::printf("seed %s: verified, and there is a counterexample\n",
                  std::to_string(seed).c_str());
    if (tally.networks > networks && tally.networks % 500 == 0) report();
  }
  report();
  return tally.verified > 0 ? 1 : 0;
}

}  // namespace
}  // namespace clipcheck

int main(int argc, char** argv) {
  std::uint64_t seed = 1, count = 100;
  double seconds = 0.02;
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string name = argv[k];
    if (name == "--seed") seed = std::stoull(argv[k + 1]);
    if (name == "--count") count = std::stoull(argv[k + 1]);
    if (name == "--seconds") seconds = std::stod(argv[k + 1]);
  }
  clipbound::base::initialise_blas();
  return clipcheck::hunt(seed, count, seconds);
}

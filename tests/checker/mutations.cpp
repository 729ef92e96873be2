// Idea: one function per kind; it changes a copy at a random place or says that there is none.
// Source: docs/certificate.md.
// Guarantees: see the header.
#include "tests/checker/mutations.h"

#include <cmath>
#include <functional>
#include <limits>

namespace clipcheck {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::uint64_t kNowhere = 1'000'000'000;

using Random = std::mt19937_64;
using Change = std::function<bool(Records&, Random&)>;

template <class T>
T* any_of(const std::vector<T*>& found, Random& random) {
  return found.empty() ? nullptr : found[random() % found.size()];
}

/// A random tree for which `fits` holds.
Tree* some_tree(Records& records, Random& random, const std::function<bool(const Tree&)>& fits) {
  std::vector<Tree*> found;
  for (ClauseText& clause : records.clauses)
    walk(clause.tree, [&](Tree& tree, Tree*) {
      if (fits(tree)) found.push_back(&tree);
    });
  return any_of(found, random);
}

Step* some_step(Records& records, Random& random, const std::function<bool(const Step&)>& fits) {
  std::vector<Step*> found;
  for (ClauseText& clause : records.clauses)
    walk(clause.tree, [&](Tree& tree, Tree*) {
      for (Step& step : tree.steps)
        if (fits(step)) found.push_back(&step);
    });
  return any_of(found, random);
}

Change on_tree(const std::function<bool(const Tree&)>& fits,
               const std::function<void(Tree&, Random&)>& change) {
  return [=](Records& records, Random& random) {
    Tree* tree = some_tree(records, random, fits);
    if (tree != nullptr) change(*tree, random);
    return tree != nullptr;
  };
}

Change on_step(const std::function<bool(const Step&)>& fits,
               const std::function<void(Step&, Random&)>& change) {
  return [=](Records& records, Random& random) {
    Step* step = some_step(records, random, fits);
    if (step != nullptr) change(*step, random);
    return step != nullptr;
  };
}

bool is_leaf(const Tree& tree) {
  return tree.end == 'L' && !tree.mults.empty();
}
bool is_split(const Tree& tree) {
  return tree.end == 'X' || tree.end == 'N';
}

Change multiplier(float (*value)(float)) {
  return on_tree(is_leaf, [value](Tree& tree, Random& random) {
    Mult& m = tree.mults[random() % tree.mults.size()];
    m.value = value(m.value == 0.0F ? 1.0F : m.value);
  });
}

using Kinds = std::vector<std::pair<std::string, Change>>;

void add_tree_kinds(Kinds& kinds, bool plain) {
  kinds.emplace_back("a decision's second side is missing",
                     on_tree(is_split, [](Tree& tree, Random&) { tree.second.reset(); }));
  kinds.emplace_back("a decision's first side is missing",
                     on_tree(is_split, [](Tree& tree, Random&) { tree.first.reset(); }));
  kinds.emplace_back("a leaf is cut away", on_tree(is_leaf, [](Tree& tree, Random&) {
                       tree.end = 0;
                       tree.steps.clear();
                     }));
  kinds.emplace_back("a leaf's last record is missing",
                     on_tree(is_leaf, [](Tree& tree, Random&) { tree.end = 0; }));
  kinds.emplace_back("a negative multiplier", multiplier([](float m) { return -m; }));
  kinds.emplace_back("the least negative multiplier",
                     multiplier([](float) { return -std::numeric_limits<float>::denorm_min(); }));
  kinds.emplace_back("a multiplier is no number", multiplier([](float) { return kNan; }));
  kinds.emplace_back("an infinite multiplier", multiplier([](float) { return kInfinity; }));
  kinds.emplace_back("all multipliers are 0", on_tree(is_leaf, [](Tree& tree, Random&) {
                       for (Mult& m : tree.mults) m.value = 0.0F;
                     }));
  kinds.emplace_back("no multiplier",
                     on_tree(is_leaf, [](Tree& tree, Random&) { tree.mults.clear(); }));
  kinds.emplace_back("a constraint that is not there", on_tree(is_leaf, [](Tree& tree, Random& r) {
                       tree.mults[r() % tree.mults.size()].constraint = kNowhere;
                     }));
  if (plain)
    kinds.emplace_back("nothing is empty",
                       on_tree(is_leaf, [](Tree& tree, Random&) { tree.end = 'O'; }));
  kinds.emplace_back("a split at no number", on_tree(is_split, [](Tree& tree, Random&) {
                       tree.at = static_cast<double>(kNan);
                     }));
  kinds.emplace_back("a split at infinity", on_tree(is_split, [](Tree& tree, Random&) {
                       tree.at = static_cast<double>(kInfinity);
                     }));
  kinds.emplace_back("a split of nothing", on_tree(is_split, [](Tree& tree, Random&) {
                       tree.input = tree.neuron = kNowhere;
                     }));
  kinds.emplace_back("an unknown end", on_tree([](const Tree&) { return true; },
                                               [](Tree& tree, Random&) { tree.end = '?'; }));
}

void add_step_kinds(Kinds& kinds) {
  const auto slopes = [](const Step& step) {
    return step.tag == 'a' && step.form != 0 && !step.slopes.empty();
  };
  for (const bool infinite : {false, true})
    kinds.emplace_back("a slope that is no finite number",
                       on_step(slopes, [=](Step& step, Random& r) {
                         Step::Slope& slope = step.slopes[r() % step.slopes.size()];
                         slope.value = infinite ? -kInfinity : kNan;
                         slope.half = infinite ? 0xFC00 : 0x7E01;
                       }));
  kinds.emplace_back("a slope of no neuron", on_step(slopes, [](Step& step, Random& r) {
                       step.slopes[r() % step.slopes.size()].skip = kNowhere;
                     }));
  kinds.emplace_back("a form of slopes that is not there",
                     on_step(slopes, [](Step& step, Random&) { step.form = 3; }));
  const auto layered = [](const Step& step) { return std::string("Bba").find(step.tag) < 3; };
  kinds.emplace_back("a layer that is not there",
                     on_step(layered, [](Step& step, Random&) { step.layer = kNowhere; }));
  kinds.emplace_back("an unknown record", on_step([](const Step&) { return true; },
                                                  [](Step& step, Random&) { step.tag = '?'; }));
  const auto apart = [](const Step& step) { return step.tag == 'J'; };
  kinds.emplace_back("a subtree too long",
                     on_step(apart, [](Step& step, Random&) { step.longer = 1; }));
  kinds.emplace_back("a subtree too short",
                     on_step(apart, [](Step& step, Random&) { step.longer = ~0ULL; }));
  const auto bounds = [](const Step& step) { return step.tag == 'b' && !step.bounds.empty(); };
  kinds.emplace_back("a bound of no neuron", on_step(bounds, [](Step& step, Random& r) {
                       step.bounds[r() % step.bounds.size()].neuron = kNowhere;
                     }));
  kinds.emplace_back("a bound on no side", on_step(bounds, [](Step& step, Random& r) {
                       step.bounds[r() % step.bounds.size()].upper = 2;
                     }));
  for (const float value : {-1.0F, kNan, kInfinity}) {
    kinds.emplace_back("a bound with a bad multiplier", on_step(bounds, [=](Step& step, Random& r) {
                         step.bounds[r() % step.bounds.size()].mults.push_back({0, value});
                       }));
    kinds.emplace_back("a constraint with a bad multiplier",
                       on_step([](const Step& step) { return step.tag == 'H'; },
                               [=](Step& step, Random&) {
                                 step.mults.push_back({0, value});
                               }));
  }
  for (const std::uint64_t k : {std::uint64_t{0}, kNowhere})
    kinds.emplace_back("edges from a constraint of outputs, or from none",
                       on_step([](const Step& step) { return step.tag == 'e'; },
                               [=](Step& step, Random&) { step.constraint = k; }));
}

Change on_clause(const std::function<bool(ClauseText&, Random&)>& change) {
  return [=](Records& records, Random& random) {
    return !records.clauses.empty() &&
           change(records.clauses[random() % records.clauses.size()], random);
  };
}

Change on_row(const std::function<void(ClauseText::RowText&)>& change) {
  return on_clause([=](ClauseText& clause, Random& random) {
    if (clause.rows.empty()) return false;
    change(clause.rows[random() % clause.rows.size()]);
    return true;
  });
}

void add_clause_kinds(Kinds& kinds) {
  kinds.emplace_back("a clause is missing", [](Records& records, Random& random) {
    if (records.clauses.empty()) return false;
    records.clauses.erase(records.clauses.begin() +
                          static_cast<std::ptrdiff_t>(random() % records.clauses.size()));
    return true;
  });
  kinds.emplace_back("a clause twice, another not", [](Records& records, Random& random) {
    const std::size_t n = records.clauses.size();
    if (n < 2) return false;
    const std::size_t k = random() % n;
    records.clauses[k] = records.clauses[(k + 1) % n];
    return true;
  });
  for (const bool far : {false, true})
    kinds.emplace_back("a box is smaller", on_clause([=](ClauseText& clause, Random& random) {
                         const std::size_t i = random() % clause.edges.size();
                         double& edge = clause.edges[i];
                         const double other = clause.edges[i ^ 1U];
                         const double inside = i % 2 == 0 ? HUGE_VAL : -HUGE_VAL;
                         edge = far && edge != other ? (edge + other) / 2
                                                     : std::nextafter(edge, inside);
                         return true;
                       }));
  kinds.emplace_back("a threshold is another", on_row([](ClauseText::RowText& row) {
                       row.threshold = std::nextafter(row.threshold, -HUGE_VAL);
                     }));
  kinds.emplace_back("a threshold is far lower",
                     on_row([](ClauseText::RowText& row) { row.threshold -= 1.0; }));
  kinds.emplace_back("a row is strict, or not",
                     on_row([](ClauseText::RowText& row) { row.strict ^= 1U; }));
  kinds.emplace_back("a coefficient is another",
                     on_row([](ClauseText::RowText& row) { row.terms.back().second *= 1.5; }));
  kinds.emplace_back("a variable is another",
                     on_row([](ClauseText::RowText& row) { row.terms.back().first += 2; }));
  kinds.emplace_back("the only row is missing", on_clause([](ClauseText& clause, Random&) {
                       if (clause.rows.size() != 1) return false;
                       clause.rows.clear();
                       return true;
                     }));
}

void add_header_kinds(Kinds& kinds) {
  kinds.emplace_back("another network", [](Records& records, Random& random) {
    records.network[random() % 32] ^= static_cast<std::uint8_t>(1U << random() % 8);
    return true;
  });
  kinds.emplace_back("another property", [](Records& records, Random& random) {
    records.property[random() % 32] ^= static_cast<std::uint8_t>(1U << random() % 8);
    return true;
  });
  kinds.emplace_back("another size", [](Records& records, Random& random) {
    ++records.sizes[random() % records.sizes.size()];
    return true;
  });
  kinds.emplace_back("another claim", [](Records& records, Random&) {
    records.claim = 'S';
    return true;
  });
  for (const char end : {'\0', 'C', '?'})
    kinds.emplace_back("no end", [=](Records& records, Random&) {
      records.end = end;
      return true;
    });
}

float some_number(Random& random) {
  const float choices[] = {0.0F, 1.0F, -1.0F, 0.5F, 1e-40F, -1e-40F, 3e38F, 1e-7F, 1e7F};
  const std::uint64_t k = random() % 20;
  return k < 9 ? choices[k]
               : static_cast<float>(static_cast<double>(random() % 4001) / 1000.0 - 2.0);
}

void shake_step(Step& step, const Records& records, Random& random) {
  const std::uint64_t layers = records.sizes[2];
  step.tag = std::string("IBaHeb")[random() % (layers == 0 ? 1 : 6)];
  step.layer = layers == 0 ? 0 : random() % layers;
  const std::uint64_t size = layers == 0 ? 0 : records.sizes[3 + step.layer];
  step.slopes.clear();
  step.bounds.clear();
  step.mults = {{random() % 3, std::fabs(some_number(random))}};
  step.form = 2;
  for (std::uint64_t k = 0; k < size; ++k) step.slopes.push_back({0, some_number(random), 0});
  if (size > 0)
    step.bounds = {{random() % size, static_cast<std::uint8_t>(random() % 2), step.mults}};
  step.constraint = random() % 4;
}

void shake_tree(Tree& tree, const Records& records, Random& random) {
  switch (random() % 7) {
    case 0:
      if (is_leaf(tree))
        tree.mults[random() % tree.mults.size()].value = std::fabs(some_number(random));
      break;
    case 1:
      if (is_leaf(tree)) tree.mults.push_back({random() % 4, std::fabs(some_number(random))});
      break;
    case 2:
      if (is_split(tree)) tree.at += static_cast<double>(some_number(random));
      break;
    case 3:
      if (is_split(tree)) std::swap(tree.first, tree.second);
      break;
    case 4:
      if (!tree.steps.empty())
        tree.steps.erase(tree.steps.begin() +
                         static_cast<std::ptrdiff_t>(random() % tree.steps.size()));
      break;
    case 5: shake_step(tree.steps.emplace_back(), records, random); break;
    default:
      if (is_split(tree)) {
        tree = Tree(*(random() % 2 == 0 ? tree.first : tree.second));
      }
  }
}

}  // namespace

std::vector<Mutation> false_mutations(const Records& records, Random& random, int each,
                                      bool plain) {
  Kinds kinds;
  add_tree_kinds(kinds, plain);
  add_step_kinds(kinds);
  add_clause_kinds(kinds);
  add_header_kinds(kinds);
  std::vector<Mutation> result;
  for (const auto& [what, change] : kinds) {
    for (int k = 0; k < each; ++k) {
      Records copy = records;
      if (change(copy, random)) result.push_back({what, write(copy)});
    }
  }
  return result;
}

void shake(Records& records, Random& random) {
  for (std::uint64_t k = 1 + random() % 4; k > 0; --k) {
    Tree* tree = some_tree(records, random, [](const Tree&) { return true; });
    if (tree != nullptr) shake_tree(*tree, records, random);
  }
}

}  // namespace clipcheck

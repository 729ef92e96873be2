#pragma once
#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>

#include "base/error.h"
#include "specs/evaluate/counterexample.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/specs/vnnlib/slow_reader.h"

namespace testing_vnnlib {

using namespace clipbound;
using namespace clipbound::specs;

inline std::string declarations(int inputs, int outputs) {
  std::string text;
  for (int i = 0; i < inputs; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
  for (int i = 0; i < outputs; ++i) text += "(declare-const Y_" + std::to_string(i) + " Real)\n";
  return text;
}

/// Declares the variables, bounds each input by [-2, 2] and appends `rest`.
inline std::string boxed(int inputs, int outputs, const std::string& rest) {
  std::string text = declarations(inputs, outputs);
  for (int i = 0; i < inputs; ++i) {
    const std::string x = "X_" + std::to_string(i);
    text += "(assert (>= " + x + " -2))\n(assert (<= " + x + " 2))\n";
  }
  return text + rest;
}

inline Query parse(const std::string& text) {
  return parse_vnnlib(text, "test.vnnlib");
}

/// The message of the error that `text` gives, "" for none.
template <class Error>
std::string error_of(const std::string& text, const VnnlibLimits& limits = {}) {
  try {
    parse_vnnlib(text, "test.vnnlib", limits);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline bool in_exact_box(const Clause& clause, std::span<const double> x) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const InputInterval& interval = (*clause.box)[i];
    if (!(interval.exact.lower <= x[i] && x[i] <= interval.exact.upper)) return false;
  }
  return true;
}

inline bool query_holds(const Query& query, std::span<const double> x, std::span<const double> y,
                        slow::Reading reading) {
  for (const Clause& clause : query.clauses) {
    const bool inside = reading == slow::Reading::exact ? in_exact_box(clause, x)
                                                        : inside_box(clause, DataType::float32, x);
    if (inside && rows_hold(clause, x, y)) return true;
  }
  return false;
}

inline slow::Point point_of(std::span<const double> x, std::span<const double> y) {
  slow::Point point;
  for (std::size_t i = 0; i < x.size(); ++i) point.values["X_" + std::to_string(i)] = x[i];
  for (std::size_t i = 0; i < y.size(); ++i) point.values["Y_" + std::to_string(i)] = y[i];
  return point;
}

/// What query.h promises of every query.
inline void check_invariants(const Query& query) {
  for (const Clause& clause : query.clauses) {
    ASSERT_NE(clause.box, nullptr);
    ASSERT_EQ(static_cast<std::int64_t>(clause.box->size()), query.input_size);
    for (const InputInterval& interval : *clause.box) {
      for (const DataType type : {DataType::float32, DataType::float64, DataType::float16}) {
        const Ends proof = interval.proof_in(type), ends = interval.ends_in(type);
        ASSERT_TRUE(std::isfinite(proof.lower) && std::isfinite(proof.upper));
        ASSERT_LE(proof.lower, ends.lower);
        ASSERT_GE(proof.upper, ends.upper);
        ASSERT_LE(proof.lower, interval.exact.lower);
        ASSERT_GE(proof.upper, interval.exact.upper);
      }
      ASSERT_FALSE(interval.is_empty());
    }
    for (const Row& row : clause.rows) {
      ASSERT_FALSE(row.terms.empty());
      for (std::size_t i = 0; i < row.terms.size(); ++i) {
        const Term& term = row.terms[i];
        ASSERT_NE(sgn(term.coefficient.exact), 0);
        ASSERT_LT(term.index, term.of == Term::Of::input ? query.input_size : query.output_size);
        if (i > 0) {
          ASSERT_LT(std::pair(row.terms[i - 1].of, row.terms[i - 1].index),
                    std::pair(term.of, term.index));
        }
      }
    }
  }
}

inline std::size_t distinct_boxes(const Query& query) {
  std::set<const Box*> boxes;
  for (const Clause& clause : query.clauses) boxes.insert(clause.box.get());
  return boxes.size();
}

}  // namespace testing_vnnlib

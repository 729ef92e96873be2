#pragma once
// A box engine with a batch of its own: what the search keeps in a level.
#include <memory>

#include "bounds/batch_bounder.h"
#include "tests/support/floors.h"

namespace clipbound {

/// Boxes and half-spaces to fill, and what bound() says of the rows.
class Batch : public bounds::BoxBatch, public bounds::RowBounds {
 public:
  /// The problem must outlive the batch.
  void attach(const bounds::BatchProblem& problem, int most_halfspaces) {
    bounder_ = problem.make_bounder(most_halfspaces, std::move(bounder_));
    BoxBatch::resize(problem.inputs, problem.neurons, most_halfspaces);
    RowBounds::resize(problem.inputs, problem.rows);
  }
  void bound(const bounds::Clipping& clipping) { bounder_->bound(*this, clipping, *this); }
  void evaluate(const base::Vec* point, base::Vec* values) { bounder_->evaluate(point, values); }

 private:
  std::unique_ptr<bounds::BatchBounder> bounder_;
};

}  // namespace clipbound

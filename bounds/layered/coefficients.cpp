#include "bounds/layered/coefficients.h"

#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

std::int64_t Coefficients::rows() const {
  if (selection_ != nullptr) return selection_->rows();
  return structure_ != nullptr ? structure_->rows() : rows_->rows();
}

std::int64_t Coefficients::cols() const {
  if (selection_ != nullptr) return selection_->cols();
  return structure_ != nullptr ? structure_->cols() : rows_->cols;
}

std::int64_t Coefficients::entries() const {
  if (selection_ != nullptr) return selection_->entries();
  return structure_ != nullptr ? structure_->entries() : rows_->entries();
}

const SparseRows& Coefficients::write() const {
  return selection_ != nullptr ? selection_->written() : structure_->written();
}

}  // namespace clipbound::bounds

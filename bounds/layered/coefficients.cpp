#include "bounds/layered/coefficients.h"

#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

std::int64_t Coefficients::rows() const {
  return structure_ != nullptr ? structure_->rows() : rows_->rows();
}

std::int64_t Coefficients::cols() const {
  return structure_ != nullptr ? structure_->cols() : rows_->cols;
}

std::int64_t Coefficients::entries() const {
  return structure_ != nullptr ? structure_->entries() : rows_->entries();
}

const SparseRows& Coefficients::write() const {
  return structure_->written();
}

}  // namespace clipbound::bounds

#include "specs/joint/query_calculation.h"

#include <optional>

#include "base/check.h"
#include "specs/vnnlib/declarations.h"

namespace clipbound::specs {

namespace {

/// The floating type that all tensors share but for those of integers, where they declare one.
std::optional<DataType> declared_type(const JointQuery& query) {
  std::optional<DataType> type;
  for (const DeclaredNetwork& network : query.networks)
    for (const DeclaredTensor& tensor : network.tensors) {
      if (kind_of(tensor.type) == TypeKind::integer) continue;
      const std::optional<DataType> own =
          tensor.type == DeclaredType::float32   ? std::optional(DataType::float32)
          : tensor.type == DeclaredType::float64 ? std::optional(DataType::float64)
          : tensor.type == DeclaredType::float16 ? std::optional(DataType::float16)
                                                 : std::nullopt;
      if (!own || (type && *type != *own)) return std::nullopt;
      type = own;
    }
  return type;
}

class QueryCalculation final : public Calculation {
 public:
  explicit QueryCalculation(const JointQuery& query)
      : products_(query.products), formula_(query.formula), type_(declared_type(query)) {}

  std::size_t outputs() const override { return products_.size(); }

  std::vector<mpq_class> values(std::span<const double> x,
                                std::span<const double> y) const override {
    std::vector<mpq_class> values;
    values.reserve(products_.size());
    for (const Product& product : products_) {
      mpq_class value = 1;
      for (const LinearForm& factor : product.factors) value *= value_of(factor, x, y);
      values.push_back(std::move(value));
    }
    return values;
  }

  bool holds_as_calculated(DataType input_type, std::span<const double> x,
                           std::span<const double> y) const override {
    return formula_ == nullptr || holds_in(*formula_, type_.value_or(input_type), x, y);
  }

 private:
  static mpq_class value_of(const LinearForm& form, std::span<const double> x,
                            std::span<const double> y) {
    mpq_class sum = form.constant;
    for (const LinearTerm& term : form.terms) {
      const std::span<const double> values = term.of == Term::Of::input ? x : y;
      const auto index = static_cast<std::size_t>(term.index);
      CLIPBOUND_CHECK(index < values.size());
      sum += term.coefficient * mpq_class(values[index]);
    }
    return sum;
  }

  const std::vector<Product> products_;
  const std::shared_ptr<const Formula> formula_;
  const std::optional<DataType> type_;
};

}  // namespace

std::shared_ptr<const Calculation> calculation_of(const JointQuery& query) {
  if (query.products.empty() && query.formula == nullptr) return nullptr;
  return std::make_shared<const QueryCalculation>(query);
}

}  // namespace clipbound::specs

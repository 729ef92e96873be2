#pragma once
// Idea: comparisons that multiply variables, as sums of products of linear forms; the products
// become outputs of their own.
// Source: own.
// Guarantees: rational arithmetic, nothing is rounded; equal polynomials of degree 1 are linear
// forms (S11).
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "specs/vnnlib/joint_query.h"

namespace clipbound::specs {

/// The products that a query names, each once.
class ProductTable {
 public:
  /// `first`: the number among Y of the first product.
  explicit ProductTable(std::int64_t first) : first_(first) {}
  /// The number among Y of a product whose factors are in the table's form (product_form.cpp).
  std::int32_t number_of(std::vector<LinearForm>&& factors);
  std::vector<Product>& products() { return products_; }

 private:
  std::int64_t first_;
  std::vector<Product> products_;
  std::unordered_map<std::string, std::int32_t> known_;
};

/// left - right of a comparison node, normalised, with products among its Y. Throws InputError
/// where there are too many or their numbers grow too large.
LinearForm difference_with_products(const Ast& ast, const SourceText& source, std::uint32_t node,
                                    ProductTable& table);

}  // namespace clipbound::specs

#pragma once
// Idea: upper bounds of Euclidean norms: of the rows of coefficients, and of all of them as an
// operator. A convolution's is the largest norm of its kernel's matrix [M, c] over all frequencies,
// of which a grid says enough.
// Source: frequencies of convolutions (Sedghi, Gupta and Long 2019); the grid: Ehlich and Zeller,
//   "Schwankung von Polynomen zwischen Gitterpunkten" (1964); norms by squaring: own.
// Guarantees: rigorous, roundings included (S8).
#include <cstdint>
#include <vector>

#include "bounds/layered/coefficients.h"

namespace clipbound::bounds {

class ConvolutionMap;

struct OperatorNorm {
  double whole = 0.0;        ///< of the operator
  double longest_row = 0.0;  ///< most coefficients of a row
  std::vector<double> rows;  ///< by row, or one for all of them
  double row(std::size_t i) const { return rows.size() == 1 ? rows.front() : rows[i]; }
};
OperatorNorm norm_of_rows(const Coefficients& coefficients);

/// Of a matrix [rows, columns] of complex numbers; no imaginary parts: of real ones.
double spectral_norm(const std::vector<double>& real, const std::vector<double>& imaginary,
                     std::int64_t rows, std::int64_t columns);
/// Of a convolution's whole matrix, and of each row channel's rows.
double operator_norm(const ConvolutionMap& map);
std::vector<double> channel_norms(const ConvolutionMap& map);

}  // namespace clipbound::bounds

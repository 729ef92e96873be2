#pragma once
// Idea: the network as a certificate's records speak of it: layers of ReLUs in the file's order,
// each an affine map of inputs and earlier layers.
// Source: docs/certificate.md, "The network as the checker sees it".
// Guarantees: none that a verdict depends on: what is wrong here the checker refuses.
// Legend: N inputs; a map has rows x columns coefficients.
#include <Eigen/Core>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/floors.h"
#include "bounds/layered/layered_system.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

using DenseRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// sum of maps * sources + constant. Source -1 is the input, k >= 0 layer k's activations.
struct DenseForm {
  struct Term {
    int source;
    DenseRows rows;
  };
  std::vector<Term> terms;
  Eigen::VectorXd constant;
};

struct ReluLayer {
  std::size_t number = 0;  ///< in the file
  DenseForm z;
};

struct ReluNetwork {
  std::vector<ReluLayer> layers;
  DenseForm outputs;
  std::vector<std::size_t> sizes;  ///< of all layers of the file
};

/// Throws Unsupported, which names the operator, where certificates do not cover the network, or
/// what it is in the query.
void check_certifiable(const specs::Network& network, const specs::Query& query);

/// A lowered network of ReLUs, and which layers of the file its layers are.
struct FileLayers {
  std::shared_ptr<const bounds::LayeredSystem> system;
  std::vector<std::size_t> numbers;  ///< [layers of the system]
  std::vector<std::size_t> sizes;    ///< [layers of the file]
  /// The file's number of neuron v of the system's layer k: constants of the box are no neurons of
  /// the system.
  std::size_t neuron(std::size_t k, std::size_t v) const {
    if (k >= system->layer_elements.size() || system->layer_elements[k].empty()) return v;
    return static_cast<std::size_t>(system->layer_elements[k][v]);
  }
};

/// On the box. Throws Unsupported where its layers are not those of the file.
FileLayers lower_as_in_file(const specs::Network& network, std::span<const double> lower,
                            std::span<const double> upper);

/// The same with dense maps. Throws Unsupported where these would be too large.
ReluNetwork relu_network(const FileLayers& layers);

}  // namespace clipbound::solver

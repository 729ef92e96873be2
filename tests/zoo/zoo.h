#pragma once
// Small models in the forms that exporters write, of our own making after their documentation, each
// with a point and what the network gives there.
#include <functional>
#include <string>
#include <vector>

#include "tests/support/onnx_writer.h"

namespace clipbound::test {

struct ZooModel {
  std::string name;
  std::function<OnnxWriter()> write;
  /// Its data are in files beside it, as exporters write all but the smallest models.
  bool external = false;
};

/// What a model gives.
struct ZooAnswer {
  std::vector<double> x, y;
  std::string how;  ///< where y is from
};
ZooAnswer answer_of(const std::string& name);

std::vector<ZooModel> zoo();
// Its parts: who writes such models.
void add_dynamo_models(std::vector<ZooModel>& models);
void add_dynamo_function_models(std::vector<ZooModel>& models);
void add_tf2onnx_models(std::vector<ZooModel>& models);
void add_skl2onnx_models(std::vector<ZooModel>& models);
void add_form_models(std::vector<ZooModel>& models);

/// n multiples of 1/8 in [-1, 1] without a pattern.
inline std::vector<float> some_weights(std::size_t n, unsigned seed) {
  std::vector<float> numbers;
  for (unsigned i = 0; i < n; ++i)
    numbers.push_back(static_cast<float>(static_cast<int>((i * 37 + seed * 11 + i * i) % 17) - 8) *
                      0.125f);
  return numbers;
}

/// A writer with the shorthand that long models need.
class ZooWriter : public OnnxWriter {
 public:
  explicit ZooWriter(int opset, int ir_version = 8) : OnnxWriter(opset) {
    model.set_ir_version(ir_version);
  }
  // As those of OnnxWriter, for chains that go on with weights().
  template <typename... Arguments>
  ZooWriter& input(const std::string& name, const std::vector<std::int64_t>& dims,
                   Arguments... type) {
    OnnxWriter::input(name, dims, type...);
    return *this;
  }
  ZooWriter& floats(const std::string& name, const std::vector<std::int64_t>& dims,
                    const std::vector<float>& values) {
    OnnxWriter::floats(name, dims, values);
    return *this;
  }
  ZooWriter& ints(const std::string& name, const std::vector<std::int64_t>& values) {
    OnnxWriter::ints(name, values);
    return *this;
  }
  ZooWriter& imports(const std::string& domain) {
    OnnxWriter::imports(domain);
    return *this;
  }
  /// An initialiser with some weights.
  ZooWriter& weights(const std::string& name, const std::vector<std::int64_t>& dims) {
    std::size_t n = 1;
    for (const auto d : dims) n *= static_cast<std::size_t>(d);
    floats(name, dims, some_weights(n, ++seed_));
    return *this;
  }
  /// A node with a name, as exporters give one.
  onnx::NodeProto& op(const std::string& op_type, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::string& domain = "") {
    onnx::NodeProto& n = add_node(graph(), op_type, inputs, outputs, domain);
    n.set_name(outputs[0] + "_" + op_type);
    return n;
  }

 private:
  unsigned seed_ = 0;
};

}  // namespace clipbound::test

#pragma once
// Small random networks of nearly every operator, in odd shapes, with weights from tiny to huge.
#include <memory>

#include "specs/network/network_builder.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

class AnyNetwork {
 public:
  /// Layers are about `wide` times as wide as usual.
  AnyNetwork(Dice& dice, int inputs, int wide = 1, int opset = 20)
      : dice_(dice), inputs_(inputs), wide_(wide), b_(opset) {}
  /// Values are rows {1, w} between the operators. Throws Unsupported or InputError where the
  /// operators do not fit.
  std::shared_ptr<const Network> build();
  /// The first input is cut to a whole number that says where something is taken or put: it has to
  /// lie between 0 and this; -1: no such thing.
  int most_of_first() const { return most_of_first_; }
  /// All inputs are meant to lie about here: the network begins by taking it away again.
  double shift() const { return shift_; }

 private:
  using Attributes = std::map<std::string, Attribute>;

  int some_width() { return wide_ * dice_.whole(2, 6); }
  std::int64_t width_of(ValueId x) const { return b_.network().value(x).shape.back(); }
  ValueId numbers(Shape shape, double size);
  ValueId number(double x) { return b_.constant({1}, {static_cast<float>(x)}); }
  ValueId scalar(float x) { return b_.constant(Shape{}, std::vector<float>{x}); }
  ValueId node(const char* op, std::vector<ValueId> inputs, Attributes attributes = {}) {
    return b_.add(op, std::move(inputs), std::move(attributes));
  }
  ValueId begin();
  ValueId affine(ValueId x, std::int64_t outputs);
  ValueId positive(ValueId x);
  ValueId smooth(ValueId x);
  ValueId piecewise(ValueId x);
  ValueId stepwise(ValueId x);
  ValueId some_function(ValueId x);
  ValueId earlier(std::int64_t width);
  ValueId binary(ValueId x);
  ValueId product_of_one(ValueId x);
  ValueId whole_list(ValueId x);
  ValueId reduced(ValueId x);
  ValueId chosen(ValueId x);
  ValueId moved(ValueId x);
  Attributes some_windows(bool pool);
  ValueId windows(ValueId x);
  ValueId pooled(ValueId image);
  ValueId resized(ValueId image);
  ValueId along_axes(ValueId x);
  ValueId integers(ValueId x);
  ValueId matrices(ValueId x);
  ValueId scaled_tensor(ValueId x);
  ValueId placed(ValueId x);
  ValueId rearranged(ValueId x);
  ValueId computed(ValueId x);
  ValueId counted(ValueId x);
  ValueId masked(ValueId x);
  ValueId something(ValueId x);

  Dice& dice_;
  int inputs_, wide_;
  NetworkBuilder b_;
  std::vector<ValueId> earlier_;
  int most_of_first_ = -1;
  double shift_ = 0.0;
};

/// A chain of operators as opsets 7 to 9 had them: attributes where inputs came later, Upsample.
/// Throws as AnyNetwork does.
std::shared_ptr<const Network> old_network(Dice& dice, int inputs);

}  // namespace clipbound::test

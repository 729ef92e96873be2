"""Operators of networks: values, gradients and affine forms by numpy, and how ONNX says them.

Arrays have a leading dimension for the batch. Weights are float32, as in the file, whatever the
type of the values. An operator's `nodes` adds to an ONNX model.
"""
import numpy

import onnx_file
from form import Form, total

CHUNK = 1 << 24  # most numbers of a matrix of windows at once


class Operator:
    """One operator of one output."""

    weights = ()  # the names of its arrays

    def value(self, *inputs):
        raise NotImplementedError

    def gradient(self, inputs, output, slope):
        """The gradients at the inputs, given the gradient at the output."""
        raise NotImplementedError

    def form(self, *forms):
        raise NotImplementedError

    def nodes(self, model, inputs, output):
        raise NotImplementedError

    def parameters(self):
        return sum(getattr(self, name).size for name in self.weights)

    def stored(self, model, output):
        """The weights as initialisers; their names."""
        names = []
        for name in self.weights:
            names.append(f"{output}.{name}")
            model.tensors.append(onnx_file.matrix_tensor(names[-1], getattr(self, name)))
        return names


class Affine(Operator):
    """x -> linear(x) + constant, of one input."""

    def linear(self, x, absolute=False):
        raise NotImplementedError

    def shift(self, y):
        return y

    def adjoint(self, x, slope):
        raise NotImplementedError

    def value(self, x):
        return self.shift(self.linear(x))

    def gradient(self, inputs, output, slope):
        return [self.adjoint(inputs[0], slope)]

    def form(self, one):
        parts = self.linear(one.parts) if len(one.parts) else None
        centre = self.value(one.centre)
        if parts is None:
            parts = numpy.zeros((0,) + centre.shape[1:])
        return Form(centre, parts, self.linear(one.radius, absolute=True), one.space)


def of_type(weights, x, absolute=False):
    weights = weights.astype(x.dtype, copy=False)
    return numpy.abs(weights) if absolute else weights


def windows(x, kernel, stride, pad, filler=0.0):
    """A view of (batch, channels, rows, columns, kernel, kernel) of the padded values."""
    if pad:
        x = numpy.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), constant_values=filler)
    view = numpy.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def scattered(pieces, shape, stride, pad):
    """The transpose of `windows`: pieces (batch, channels, kernel, kernel, rows, columns), added up."""
    batch, channels, height, width = shape
    kernel, rows, columns = pieces.shape[2], pieces.shape[4], pieces.shape[5]
    out = numpy.zeros((batch, channels, height + 2 * pad, width + 2 * pad), pieces.dtype)
    for i in range(kernel):
        for j in range(kernel):
            out[:, :, i:i + stride * rows:stride, j:j + stride * columns:stride] += pieces[:, :, i, j]
    return out[:, :, pad:pad + height, pad:pad + width]


class Conv(Affine):
    weights = ("weight", "bias")

    def __init__(self, weight, bias, stride=1, pad=0):
        self.weight, self.bias, self.stride, self.pad = weight, bias, stride, pad

    def linear(self, x, absolute=False):
        outputs, channels, kernel, _ = self.weight.shape
        matrix = of_type(self.weight, x, absolute).reshape(outputs, -1)
        view = windows(x, kernel, self.stride, self.pad)
        batch, _, rows, columns = view.shape[:4]
        out = numpy.empty((batch, outputs, rows, columns), x.dtype)
        per_row = channels * kernel * kernel * columns
        images = max(1, CHUNK // (per_row * rows))
        lines = rows if images > 1 else max(1, CHUNK // per_row)
        for n in range(0, batch, images):
            for r in range(0, rows, lines):
                part = view[n:n + images, :, r:r + lines].transpose(1, 4, 5, 0, 2, 3)
                done = matrix @ part.reshape(matrix.shape[1], -1)
                out[n:n + images, :, r:r + lines] = done.reshape((outputs,) + part.shape[3:]).transpose(1, 0, 2, 3)
        return out

    def shift(self, y):
        return y + of_type(self.bias, y)[:, None, None]

    def adjoint(self, x, slope):
        outputs, channels, kernel, _ = self.weight.shape
        matrix = of_type(self.weight, slope).reshape(outputs, -1)
        batch, _, rows, columns = slope.shape
        pieces = matrix.T @ slope.reshape(batch, outputs, -1)
        pieces = pieces.reshape(batch, channels, kernel, kernel, rows, columns)
        return scattered(pieces, x.shape, self.stride, self.pad)

    def nodes(self, model, inputs, output):
        kernel = self.weight.shape[2]
        attributes = [onnx_file.ints_attribute("dilations", [1, 1]), onnx_file.int_attribute("group", 1),
                      onnx_file.ints_attribute("kernel_shape", [kernel] * 2),
                      onnx_file.ints_attribute("pads", [self.pad] * 4),
                      onnx_file.ints_attribute("strides", [self.stride] * 2)]
        model.nodes.append(onnx_file.node("Conv", inputs + self.stored(model, output), [output], attributes))


class BatchNormalization(Affine):
    weights = ("scale", "bias", "mean", "variance")
    EPSILON = 1e-5

    def __init__(self, scale, bias, mean, variance):
        self.scale, self.bias, self.mean, self.variance = scale, bias, mean, variance

    def factor(self, kind):
        return self.scale.astype(kind) / numpy.sqrt(self.variance.astype(kind) + kind.type(self.EPSILON))

    def linear(self, x, absolute=False):
        factor = self.factor(x.dtype)
        return x * (numpy.abs(factor) if absolute else factor)[:, None, None]

    def shift(self, y):
        constant = self.bias.astype(y.dtype) - self.mean.astype(y.dtype) * self.factor(y.dtype)
        return y + constant[:, None, None]

    def adjoint(self, x, slope):
        return self.linear(slope)

    def nodes(self, model, inputs, output):
        attributes = [onnx_file.float_attribute("epsilon", self.EPSILON), onnx_file.float_attribute("momentum", 0.9)]
        model.nodes.append(onnx_file.node("BatchNormalization", inputs + self.stored(model, output), [output],
                                          attributes))


class Gemm(Affine):
    """Rows of weights as torch has them: x W^T + b."""

    weights = ("weight", "bias")

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def linear(self, x, absolute=False):
        return x @ of_type(self.weight, x, absolute).T

    def shift(self, y):
        return y + of_type(self.bias, y)

    def adjoint(self, x, slope):
        return slope @ of_type(self.weight, slope)

    def nodes(self, model, inputs, output):
        attributes = [onnx_file.float_attribute("alpha", 1.0), onnx_file.float_attribute("beta", 1.0),
                      onnx_file.int_attribute("transB", 1)]
        model.nodes.append(onnx_file.node("Gemm", inputs + self.stored(model, output), [output], attributes))


class GlobalAveragePool(Affine):
    def linear(self, x, absolute=False):
        return x.mean(axis=(2, 3), keepdims=True)

    def adjoint(self, x, slope):
        return numpy.broadcast_to(slope / (x.shape[2] * x.shape[3]), x.shape)

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("GlobalAveragePool", inputs, [output]))


class Flatten(Affine):
    def linear(self, x, absolute=False):
        return x.reshape(len(x), -1)

    def adjoint(self, x, slope):
        return slope.reshape(x.shape)

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Flatten", inputs, [output], [onnx_file.int_attribute("axis", 1)]))


class Add(Operator):
    def value(self, a, b):
        return a + b

    def gradient(self, inputs, output, slope):
        return [slope, slope]

    def form(self, a, b):
        return Form(a.centre + b.centre, total(a.parts, b.parts), a.radius + b.radius, a.space)

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Add", inputs, [output]))


class Relu(Operator):
    def value(self, x):
        return numpy.maximum(x, 0)

    def gradient(self, inputs, output, slope):
        return [slope * (inputs[0] > 0)]

    def form(self, one):
        """Where the sign is open: between the line through 0 and the parallel one above."""
        lower, upper = one.bounds()
        is_open = (lower < 0) & (upper > 0)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            slope = numpy.where(is_open, upper / (upper - lower), lower >= 0)
            half = numpy.where(is_open, -slope * lower / 2, 0.0)
        made = Form(one.centre * slope + half, one.parts * slope, one.radius * slope, one.space)
        return made.with_own(half)

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Relu", inputs, [output]))


class MaxPool(Operator):
    def __init__(self, kernel, stride, pad=0):
        self.kernel, self.stride, self.pad = kernel, stride, pad

    def unfolded(self, x, filler):
        view = windows(x, self.kernel, self.stride, self.pad, filler)
        return view.reshape(view.shape[:4] + (-1,))

    def value(self, x):
        return self.unfolded(x, -numpy.inf).max(axis=-1)

    def gradient(self, inputs, output, slope):
        best = self.unfolded(inputs[0], -numpy.inf).argmax(axis=-1)
        count = self.kernel ** 2
        chosen = (numpy.arange(count)[:, None, None] == best[:, :, None]) * slope[:, :, None]
        pieces = chosen.reshape(chosen.shape[:2] + (self.kernel, self.kernel) + chosen.shape[3:])
        return [scattered(pieces, inputs[0].shape, self.stride, self.pad)]

    def form(self, one):
        """The element that is never below another, where there is one; else the interval of all."""
        lower, upper = one.bounds(slack=0.0)  # numbers that do not vary are often equal
        lower, upper = self.unfolded(lower, -numpy.inf), self.unfolded(upper, -numpy.inf)
        best = lower.argmax(axis=-1)[..., None]
        others = upper.copy()
        numpy.put_along_axis(others, best, -numpy.inf, axis=-1)
        wins = numpy.take_along_axis(lower, best, axis=-1)[..., 0] >= others.max(axis=-1)

        def taken(x):
            view = self.unfolded(x, 0.0)
            return numpy.take_along_axis(view, numpy.broadcast_to(best, view.shape[:4] + (1,)), axis=-1)[..., 0]

        hull = one.interval(lower.max(axis=-1), upper.max(axis=-1))
        parts = taken(one.parts) * wins if len(one.parts) else hull.parts
        radius = numpy.where(wins, taken(one.radius), 0.0)
        made = Form(numpy.where(wins, taken(one.centre), hull.centre), parts, radius, one.space)
        return made.with_own(numpy.where(wins, 0.0, hull.radius))

    def nodes(self, model, inputs, output):
        attributes = [onnx_file.int_attribute("ceil_mode", 0),
                      onnx_file.ints_attribute("kernel_shape", [self.kernel] * 2),
                      onnx_file.ints_attribute("pads", [self.pad] * 4),
                      onnx_file.ints_attribute("strides", [self.stride] * 2)]
        model.nodes.append(onnx_file.node("MaxPool", inputs, [output], attributes))

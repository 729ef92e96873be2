"""Operators of transformers, as exporters write them; see operators.py. Affine forms become intervals here."""
import math

import numpy

import onnx_file
from operators import Affine, Operator, of_type

STEP, LIMIT = 1 / 256, 6.5  # of the table of erf; beyond the limit it is 1 in float64
KNOTS = numpy.arange(-LIMIT, LIMIT + STEP, STEP)
VALUES = numpy.array([math.erf(x) for x in KNOTS])
SLOPES = 2 / math.pi ** 0.5 * numpy.exp(-KNOTS ** 2) * STEP
LOWEST_AT, LOWEST = -0.7517915247, -0.1699712075  # of the Gelu


def erf(x):
    """By cubics through a table, 1e-11 off at most; in float64."""
    place = numpy.clip((x.astype(float) + LIMIT) / STEP, 0, len(KNOTS) - 1.001)
    left = place.astype(numpy.int64)
    t = place - left
    rise = VALUES[left + 1] - VALUES[left]
    bend = SLOPES[left] + SLOPES[left + 1] - 2 * rise
    return VALUES[left] + t * (SLOPES[left] + t * (rise - SLOPES[left] - bend + t * bend))


class Reshape(Affine):
    def __init__(self, *shape):
        self.shape = shape

    def linear(self, x, absolute=False):
        return x.reshape((len(x),) + self.shape)

    def adjoint(self, x, slope):
        return slope.reshape(x.shape)

    def nodes(self, model, inputs, output):
        model.tensors.append(onnx_file.integers_tensor(f"{output}.shape", [len(self.shape) + 1], (1,) + self.shape))
        model.nodes.append(onnx_file.node("Reshape", inputs + [f"{output}.shape"], [output]))


class Transpose(Affine):
    def __init__(self, *order):
        self.order = order

    def linear(self, x, absolute=False):
        return x.transpose(self.order)

    def adjoint(self, x, slope):
        return slope.transpose(numpy.argsort(self.order))

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Transpose", inputs, [output],
                                          [onnx_file.ints_attribute("perm", self.order)]))


class MatMul(Affine):
    """By weights of inputs x outputs, token by token."""

    weights = ("weight",)

    def __init__(self, weight):
        self.weight = weight

    def linear(self, x, absolute=False):
        return x @ of_type(self.weight, x, absolute)

    def adjoint(self, x, slope):
        return slope @ of_type(self.weight, slope).T

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("MatMul", inputs + self.stored(model, output), [output]))


class AddConstant(Affine):
    weights = ("constant",)

    def __init__(self, constant):
        self.constant = constant

    def linear(self, x, absolute=False):
        return x

    def shift(self, y):
        return y + of_type(self.constant, y)

    def adjoint(self, x, slope):
        return slope

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Add", inputs + self.stored(model, output), [output]))


class Scale(Affine):
    weights = ("factor",)

    def __init__(self, factor):
        self.factor = numpy.array(factor, numpy.float32)

    def linear(self, x, absolute=False):
        return x * of_type(self.factor, x, absolute)

    def adjoint(self, x, slope):
        return self.linear(slope)

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Mul", inputs + self.stored(model, output), [output]))


class Prepend(Affine):
    """The class token before the others."""

    weights = ("token",)

    def __init__(self, token):
        self.token = token

    def linear(self, x, absolute=False):
        return numpy.concatenate([numpy.zeros_like(x[:, :1]), x], axis=1)

    def shift(self, y):
        y[:, 0] += of_type(self.token, y)[0, 0]
        return y

    def adjoint(self, x, slope):
        return slope[:, 1:]

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Concat", self.stored(model, output) + inputs, [output],
                                          [onnx_file.int_attribute("axis", 1)]))


class FirstToken(Affine):
    def linear(self, x, absolute=False):
        return x[:, 0]

    def adjoint(self, x, slope):
        out = numpy.zeros_like(x)
        out[:, 0] = slope
        return out

    def nodes(self, model, inputs, output):
        model.tensors.append(onnx_file.integers_tensor(f"{output}.index", [], [0]))
        model.nodes.append(onnx_file.node("Gather", inputs + [f"{output}.index"], [output],
                                          [onnx_file.int_attribute("axis", 1)]))


class Product(Operator):
    """The product of two matrices that both vary."""

    def value(self, a, b):
        return a @ b

    def gradient(self, inputs, output, slope):
        a, b = inputs
        return [slope @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ slope]

    def form(self, a, b):
        (low_a, high_a), (low_b, high_b) = a.bounds(), b.bounds()
        x, y, dx, dy = (low_a + high_a) / 2, (low_b + high_b) / 2, (high_a - low_a) / 2, (high_b - low_b) / 2
        centre, radius = x @ y, numpy.abs(x) @ dy + dx @ numpy.abs(y) + dx @ dy
        return a.interval(centre - radius, centre + radius)

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("MatMul", inputs, [output]))


class Softmax(Operator):
    def value(self, x):
        e = numpy.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def gradient(self, inputs, output, slope):
        return [output * (slope - (output * slope).sum(axis=-1, keepdims=True))]

    def form(self, one):
        """1 / (1 + the sum of exp of the others' differences), at the worst of all of them."""
        lower, upper = one.bounds()

        def share(mine, others):
            differences = numpy.minimum(others[..., None, :] - mine[..., None], 700)
            e = numpy.exp(differences)
            e[..., numpy.arange(e.shape[-1]), numpy.arange(e.shape[-1])] = 1
            return 1 / e.sum(axis=-1)

        return one.interval(share(lower, upper), share(upper, lower))

    def nodes(self, model, inputs, output):
        model.nodes.append(onnx_file.node("Softmax", inputs, [output], [onnx_file.int_attribute("axis", -1)]))


class Gelu(Operator):
    """x times the normal distribution's share below x; in ONNX by Erf."""

    def value(self, x):
        return x * self.below(x)

    @staticmethod
    def below(x):
        return (0.5 * (1 + erf(x / 2 ** 0.5))).astype(x.dtype)

    def gradient(self, inputs, output, slope):
        x = inputs[0]
        return [slope * (self.below(x) + x * numpy.exp(-x * x / 2) / (2 * numpy.pi) ** 0.5)]

    def form(self, one):
        lower, upper = one.bounds()
        at_lower, at_upper = self.value(lower), self.value(upper)
        least = numpy.where(lower >= LOWEST_AT, at_lower, numpy.where(upper <= LOWEST_AT, at_upper, LOWEST - 1e-9))
        return one.interval(least, numpy.maximum(at_lower, at_upper))

    def nodes(self, model, inputs, output):
        for name, number in (("root", 2 ** 0.5), ("one", 1.0), ("half", 0.5)):
            model.tensors.append(onnx_file.tensor(f"{output}.{name}", [], [number]))
        steps = [("Div", inputs[0], "root", "scaled"), ("Erf", f"{output}.scaled", None, "erf"),
                 ("Add", f"{output}.erf", "one", "sum"), ("Mul", inputs[0], "sum", "product"),
                 ("Mul", f"{output}.product", "half", None)]
        for operator, first, second, out in steps:
            model.nodes.append(onnx_file.node(operator, [first] + ([f"{output}.{second}"] if second else []),
                                              [f"{output}.{out}" if out else output]))


class LayerNormalization(Operator):
    """Over the last dimension; one operator in ONNX, or the arithmetic that exporters wrote before opset 17."""

    weights = ("scale", "bias")
    EPSILON = 1e-5

    def __init__(self, scale, bias, one_operator):
        self.scale, self.bias, self.one_operator = scale, bias, one_operator

    def parts(self, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return centred, numpy.sqrt((centred * centred).mean(axis=-1, keepdims=True) + x.dtype.type(self.EPSILON))

    def value(self, x):
        centred, deviation = self.parts(x)
        return centred / deviation * of_type(self.scale, x) + of_type(self.bias, x)

    def gradient(self, inputs, output, slope):
        centred, deviation = self.parts(inputs[0])
        unit, slope = centred / deviation, slope * of_type(self.scale, slope)
        slope = slope - unit * (slope * unit).mean(axis=-1, keepdims=True)
        return [(slope - slope.mean(axis=-1, keepdims=True)) / deviation]

    def form(self, one):
        """Intervals of difference and deviation; and no normalised number is beyond the root of their count."""
        lower, upper = one.bounds()
        count = lower.shape[-1]
        centre, radius = (lower + upper) / 2, (upper - lower) / 2
        centre = centre - centre.mean(axis=-1, keepdims=True)
        radius = radius * (1 - 2 / count) + radius.mean(axis=-1, keepdims=True)
        low, high = centre - radius, centre + radius
        least = numpy.where((low < 0) & (high > 0), 0, numpy.minimum(low * low, high * high))
        most = numpy.maximum(low * low, high * high)
        slow, fast = [numpy.sqrt(v.mean(axis=-1, keepdims=True) + self.EPSILON) for v in (most, least)]
        limit = count ** 0.5
        unit_low = numpy.clip(numpy.minimum(low / slow, low / fast), -limit, limit)
        unit_high = numpy.clip(numpy.maximum(high / slow, high / fast), -limit, limit)
        scale = of_type(self.scale, low)
        middle, half = (unit_low + unit_high) / 2 * scale + of_type(self.bias, low), (unit_high - unit_low) / 2
        half = half * numpy.abs(scale)
        return one.interval(middle - half, middle + half)

    def nodes(self, model, inputs, output):
        scale, bias = self.stored(model, output)
        if self.one_operator:
            attributes = [onnx_file.int_attribute("axis", -1), onnx_file.float_attribute("epsilon", self.EPSILON)]
            model.nodes.append(onnx_file.node("LayerNormalization", inputs + [scale, bias], [output], attributes))
            return
        model.tensors += [onnx_file.tensor(f"{output}.two", [], [2.0]),
                          onnx_file.tensor(f"{output}.epsilon", [], [self.EPSILON])]
        last = [onnx_file.ints_attribute("axes", [-1]), onnx_file.int_attribute("keepdims", 1)]
        names = [f"{output}.{n}" for n in ("mean", "centred", "square", "variance", "sum", "deviation", "unit", "scaled")]
        mean, centred, square, variance, added, deviation, unit, scaled = names
        for operator, given, made, attributes in (
                ("ReduceMean", inputs, mean, last), ("Sub", inputs + [mean], centred, []),
                ("Pow", [centred, f"{output}.two"], square, []), ("ReduceMean", [square], variance, last),
                ("Add", [variance, f"{output}.epsilon"], added, []), ("Sqrt", [added], deviation, []),
                ("Div", [centred, deviation], unit, []), ("Mul", [unit, scale], scaled, []),
                ("Add", [scaled, bias], output, [])):
            model.nodes.append(onnx_file.node(operator, given, [made], attributes))

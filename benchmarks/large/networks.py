"""The networks: random weights after He, normalisations set by sample images, a last layer that is trained.

The last layer is the ridge regression of one-hot classes on what the random layers make of synthetic
images: that gives margins, as training does, in seconds.
"""
import numpy

import attention
import operators
from graph import Graph
from images import images

SAMPLES, SCALE = 8, 10.0  # images that set the normalisations; of the logits
VGG_TAUGHT = 20  # classes of VGG-16 that are trained


def random_weights(chance, *shape, gain=2.0):
    """Weights of outputs x inputs (x kernel x kernel) that keep the size of what they are given."""
    scale = (gain / numpy.prod(shape[1:])) ** 0.5
    return (chance.standard_normal(shape, numpy.float32) * scale).astype(numpy.float32)


class Builder:
    """Adds the layers of one network to a graph."""

    def __init__(self, chance, shape, classes, folded=False, samples=SAMPLES, opset=13, calm=0.0):
        self.chance, self.classes, self.folded, self.calm = chance, classes, folded, calm
        labels = chance.integers(0, classes, samples)
        self.graph = Graph(images(chance, labels, shape), opset)

    def channels(self, x):
        return self.graph.samples[x].shape[1]

    def conv(self, x, outputs, kernel, stride=1, pad=None):
        """A convolution with a small bias, without normalisation."""
        weight = random_weights(self.chance, outputs, self.channels(x), kernel, kernel)
        bias = (0.05 * self.chance.standard_normal(outputs)).astype(numpy.float32)
        return self.graph.add(operators.Conv(weight, bias, stride, kernel // 2 if pad is None else pad), x)

    def normalised(self, x, outputs, kernel, stride=1, scale=1.0):
        """A convolution and its batch normalisation, one operator or two. The calmer, the more of the
        filters is one mean over the channels; intervals then grow less from layer to layer."""
        inputs = self.channels(x)
        weight = random_weights(self.chance, outputs, inputs, kernel, kernel)
        if self.calm and inputs > 3:
            means = numpy.abs(random_weights(self.chance, 1, inputs, 1, 1, gain=2.0 / kernel ** 2))
            signs = self.chance.standard_normal((outputs, 1, 1, 1), numpy.float32)
            weight = ((1 - self.calm) * weight + self.calm * means * signs).astype(numpy.float32)
        conv = operators.Conv(weight, numpy.zeros(outputs, numpy.float32), stride, kernel // 2)
        sample = conv.value(self.graph.samples[x])
        mean, variance = sample.mean(axis=(0, 2, 3)), sample.var(axis=(0, 2, 3)) + 1e-3
        gamma = scale * self.chance.uniform(0.8, 1.2, outputs).astype(numpy.float32)
        beta = (0.1 * self.chance.standard_normal(outputs)).astype(numpy.float32)
        batch = operators.BatchNormalization(gamma.astype(numpy.float32), beta, mean, variance)
        if not self.folded:
            return self.graph.add(batch, self.graph.add(conv, x))
        factor = batch.factor(numpy.dtype(float))
        conv.weight = (conv.weight * factor[:, None, None, None]).astype(numpy.float32)
        conv.bias = (beta - mean * factor).astype(numpy.float32)
        return self.graph.add(conv, x)

    def relu(self, x):
        return self.graph.add(operators.Relu(), x)

    def linear(self, x, outputs):
        weight = random_weights(self.chance, outputs, self.graph.samples[x].shape[1])
        bias = (0.05 * self.chance.standard_normal(outputs)).astype(numpy.float32)
        return self.graph.add(operators.Gemm(weight, bias), x)

    def head(self, x, per_class, taught=None):
        """The last layer, trained on so many images of each of the first `taught` classes."""
        graph, taught = self.graph, taught or self.classes
        batch, inputs = graph.samples[x].shape
        weight = 0.1 * random_weights(self.chance, self.classes, inputs)
        bias = numpy.full(self.classes, -SCALE / 4, numpy.float32)
        graph.add(operators.Gemm(weight, bias), x)
        graph.finish()
        labels = numpy.repeat(numpy.arange(taught), per_class)
        pictures = images(self.chance, labels, graph.shape)
        features = [graph.run(pictures[i:i + batch], until=x) for i in range(0, len(labels), batch)]
        weight[:taught], bias[:taught] = ridge(numpy.concatenate(features), labels, taught)
        return graph


def ridge(features, labels, classes, strength=1e-2):
    """Weights and biases of the logits by least squares with a penalty."""
    features = features.astype(float)
    mean = features.mean(axis=0)
    centred = features - mean
    wanted = SCALE * (labels[:, None] == numpy.arange(classes)) - SCALE / classes
    kernel = centred @ centred.T
    kernel[numpy.diag_indices(len(kernel))] += strength * numpy.trace(kernel) / len(kernel)
    weight = (centred.T @ numpy.linalg.solve(kernel, wanted)).T
    return weight, SCALE / classes - weight @ mean


def residual(builder, x, width, stride, scale=0.5):
    """A basic block: two convolutions beside the identity or a convolution of one pixel."""
    y = builder.relu(builder.normalised(x, width, 3, stride))
    y = builder.normalised(y, width, 3, scale=scale)
    if stride != 1 or builder.channels(x) != width:
        x = builder.normalised(x, width, 1, stride)
    return builder.relu(builder.graph.add(operators.Add(), y, x))


def resnet(chance, shape, classes, widths, blocks, stem="imagenet", folded=False, per_class=4,
           calm=0.0):
    """A ResNet of basic blocks; the stem is torchvision's (7 x 7, pooled) or that for small images."""
    builder = Builder(chance, shape, classes, folded, calm=calm)
    if stem == "imagenet":
        x = builder.relu(builder.normalised("input", widths[0], 7, 2))
        x = builder.graph.add(operators.MaxPool(3, 2, 1), x)
    else:
        x = builder.relu(builder.normalised("input", widths[0], 3))
    for stage, width in enumerate(widths):
        for block in range(blocks[stage]):
            x = residual(builder, x, width, 2 if stage and not block else 1, 0.1 if calm else 0.5)
    x = builder.graph.add(operators.GlobalAveragePool(), x)
    x = builder.graph.add(operators.Flatten(), x)
    return builder.head(x, per_class)


def vgg(chance, shape, classes, plan, hidden, taught):
    """Convolutions without normalisation, a pool after each group, three layers of neurons."""
    builder = Builder(chance, shape, classes, samples=2)
    x = "input"
    for width, count in plan:
        for _ in range(count):
            x = builder.relu(builder.conv(x, width, 3))
        x = builder.graph.add(operators.MaxPool(2, 2), x)
    x = builder.graph.add(operators.Flatten(), x)
    for _ in range(2):
        x = builder.relu(builder.linear(x, hidden))
    return builder.head(x, 2, taught)


def cnn7(chance, shape, classes, width, hidden):
    """Five convolutions, the third of stride 2, and two layers of neurons."""
    builder = Builder(chance, shape, classes, folded=True)
    x = "input"
    for outputs, stride in ((width, 1), (width, 1), (2 * width, 2), (2 * width, 1), (2 * width, 1)):
        x = builder.relu(builder.normalised(x, outputs, 3, stride))
    x = builder.graph.add(operators.Flatten(), x)
    return builder.head(builder.relu(builder.linear(x, hidden)), 20)


class Transformer:
    """A vision transformer with the normalisation first, and a class token."""

    def __init__(self, builder, size, heads, gelu, one_operator):
        self.builder, self.graph, self.chance = builder, builder.graph, builder.chance
        self.size, self.heads, self.gelu, self.one_operator = size, heads, gelu, one_operator

    def add(self, operator, *inputs):
        return self.graph.add(operator, *inputs)

    def normalised(self, x):
        scale = self.chance.uniform(0.8, 1.2, self.size).astype(numpy.float32)
        bias = (0.05 * self.chance.standard_normal(self.size)).astype(numpy.float32)
        return self.add(attention.LayerNormalization(scale, bias, self.one_operator), x)

    def linear(self, x, outputs, gain=1.0):
        weight = random_weights(self.chance, outputs, self.graph.samples[x].shape[-1], gain=gain)
        bias = (0.05 * self.chance.standard_normal(outputs)).astype(numpy.float32)
        x = self.add(attention.MatMul(numpy.ascontiguousarray(weight.T)), x)
        return self.add(attention.AddConstant(bias), x)

    def embedded(self, x, patch):
        """The patches' tokens after the class token, and the positions."""
        weight = random_weights(self.chance, self.size, self.graph.shape[0], patch, patch, gain=4.0)
        conv = operators.Conv(weight, numpy.zeros(self.size, numpy.float32), patch)
        x = self.add(conv, x)
        tokens = int(numpy.prod(self.graph.samples[x].shape[2:]))
        x = self.add(attention.Transpose(0, 2, 1), self.add(attention.Reshape(self.size, tokens), x))
        x = self.add(attention.Prepend(self.chance.standard_normal((1, 1, self.size), numpy.float32)), x)
        positions = 0.3 * self.chance.standard_normal((1, tokens + 1, self.size), numpy.float32)
        return self.add(attention.AddConstant(positions), x)

    def split(self, x, order):
        """A matrix of tokens cut into heads."""
        tokens = self.graph.samples[x].shape[1]
        x = self.add(attention.Reshape(tokens, self.heads, self.size // self.heads), x)
        return self.add(attention.Transpose(*order), x)

    def attended(self, x):
        tokens = self.graph.samples[x].shape[1]
        query = self.split(self.linear(x, self.size, gain=2.0), (0, 2, 1, 3))
        key = self.split(self.linear(x, self.size, gain=2.0), (0, 2, 3, 1))
        value = self.split(self.linear(x, self.size), (0, 2, 1, 3))
        scores = self.add(attention.Product(), query, key)
        scores = self.add(attention.Scale((self.heads / self.size) ** 0.5), scores)
        out = self.add(attention.Product(), self.add(attention.Softmax(), scores), value)
        out = self.add(attention.Transpose(0, 2, 1, 3), out)
        return self.linear(self.add(attention.Reshape(tokens, self.size), out), self.size)

    def block(self, x):
        x = self.add(operators.Add(), x, self.attended(self.normalised(x)))
        y = self.linear(self.normalised(x), 4 * self.size, gain=2.0)
        y = self.add(attention.Gelu() if self.gelu else operators.Relu(), y)
        return self.add(operators.Add(), x, self.linear(y, self.size))


def vit(chance, shape, classes, patch, size, heads, depth, gelu, one_operator):
    """A vision transformer; `one_operator`: opset 17 with LayerNormalization, else opset 13 without."""
    builder = Builder(chance, shape, classes, opset=17 if one_operator else 13)
    made = Transformer(builder, size, heads, gelu, one_operator)
    x = made.embedded("input", patch)
    for _ in range(depth):
        x = made.block(x)
    return builder.head(made.add(attention.FirstToken(), made.normalised(x)), 4)

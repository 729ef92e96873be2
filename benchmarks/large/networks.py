"""The networks: random weights after He, normalisations set by sample images, a last layer that is trained.

The last layer is the ridge regression of one-hot classes on what the random layers make of synthetic
images: that gives margins, as training does, in seconds.
"""
import numpy

import operators
from graph import Graph
from images import images

SAMPLES, SCALE = 8, 10.0  # images that set the normalisations; of the logits


def random_weights(chance, *shape, gain=2.0):
    """Weights of outputs x inputs (x kernel x kernel) that keep the size of what they are given."""
    scale = (gain / numpy.prod(shape[1:])) ** 0.5
    return (chance.standard_normal(shape, numpy.float32) * scale).astype(numpy.float32)


class Builder:
    """Adds the layers of one network to a graph."""

    def __init__(self, chance, shape, classes, folded=False, samples=SAMPLES, opset=13):
        self.chance, self.classes, self.folded = chance, classes, folded
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
        """A convolution and its batch normalisation, one operator or two."""
        weight = random_weights(self.chance, outputs, self.channels(x), kernel, kernel)
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
        inputs = graph.samples[x].shape[1]
        weight = 0.1 * random_weights(self.chance, self.classes, inputs)
        bias = numpy.full(self.classes, -SCALE / 4, numpy.float32)
        graph.add(operators.Gemm(weight, bias), x)
        graph.finish()
        labels = numpy.repeat(numpy.arange(taught), per_class)
        pictures = images(self.chance, labels, graph.shape)
        features = [graph.run(pictures[i:i + SAMPLES], until=x) for i in range(0, len(labels), SAMPLES)]
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


def residual(builder, x, width, stride):
    """A basic block: two convolutions beside the identity or a convolution of one pixel."""
    y = builder.relu(builder.normalised(x, width, 3, stride))
    y = builder.normalised(y, width, 3, scale=0.5)
    if stride != 1 or builder.channels(x) != width:
        x = builder.normalised(x, width, 1, stride)
    return builder.relu(builder.graph.add(operators.Add(), y, x))


def resnet(chance, shape, classes, widths, blocks, stem="imagenet", folded=False, per_class=4):
    """A ResNet of basic blocks; the stem is torchvision's (7 x 7, pooled) or that for small images."""
    builder = Builder(chance, shape, classes, folded)
    if stem == "imagenet":
        x = builder.relu(builder.normalised("input", widths[0], 7, 2))
        x = builder.graph.add(operators.MaxPool(3, 2, 1), x)
    else:
        x = builder.relu(builder.normalised("input", widths[0], 3))
    for stage, width in enumerate(widths):
        for block in range(blocks[stage]):
            x = residual(builder, x, width, 2 if stage and not block else 1)
    x = builder.graph.add(operators.GlobalAveragePool(), x)
    x = builder.graph.add(operators.Flatten(), x)
    return builder.head(x, per_class)

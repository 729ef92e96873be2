"""Properties of one network with answers that are known, or that are estimated and say so.

A property is a box and a formula over the outputs that a counterexample fulfils. `sure` are answers
with a proof here: bounds by intervals or affine forms, or a point that fulfils the formula in float32
and in float64, a margin apart. The others rest on attacks that failed by far.
"""
import itertools

import numpy

from form import TooMany
from images import image

WIDTHS = (0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4, 3e-5, 1e-5)  # of boxes, the widest that is proved counts


def decimal(value):
    return numpy.format_float_positional(float(value), trim="0")


def at_least(output, threshold):
    return f"(>= Y_{output} {decimal(threshold)})"


class Property:
    def __init__(self, name, box, formula, verdict, sure, note):
        self.name, self.box, self.formula = name, box, formula
        self.verdict, self.sure, self.note = verdict, sure, note

    def write(self, path, outputs):
        lower, upper = (side.ravel() for side in self.box)
        with open(path, "w") as file:
            file.write(f"; {self.note}\n")
            file.writelines(f"(declare-const X_{i} Real)\n" for i in range(lower.size))
            file.writelines(f"(declare-const Y_{i} Real)\n" for i in range(outputs))
            for i in range(lower.size):
                file.write(f"(assert (>= X_{i} {decimal(lower[i])}))\n(assert (<= X_{i} {decimal(upper[i])}))\n")
            file.write(f"(assert {self.formula})\n")


class Maker:
    """Makes the properties of one network, around images of one seed."""

    def __init__(self, graph, chance, classes, batch=8, generators=300):
        self.graph, self.chance, self.classes = graph, chance, classes
        self.batch, self.generators = batch, generators
        self.label = int(chance.integers(classes))
        self.image = image(chance, self.label, graph.shape).astype(float)
        self.outputs = self.run(self.image[None])[0]

    def run(self, points):
        return numpy.concatenate([self.graph.run(points[i:i + self.batch])
                                  for i in range(0, len(points), self.batch)])

    def ball(self, radius, places=None):
        """The box around the image, of some of its numbers or of all, inside [0, 1]."""
        lower, upper = self.image.copy(), self.image.copy()
        places = numpy.arange(lower.size) if places is None else places
        lower.ravel()[places] = numpy.maximum(0, lower.ravel()[places] - radius)
        upper.ravel()[places] = numpy.minimum(1, upper.ravel()[places] + radius)
        return lower, upper

    def corners(self, box, count):
        """Corners of a box: all, where there are few, else random ones."""
        lower, upper = box
        varies = numpy.flatnonzero(upper > lower)
        if 2 ** len(varies) <= count:
            signs = numpy.array(list(itertools.product((0, 1), repeat=len(varies))))
        else:
            signs = self.chance.integers(0, 2, (count, len(varies)))
        points = numpy.repeat(lower[None], len(signs), axis=0)
        points.reshape(len(signs), -1)[:, varies] += signs * (upper - lower).ravel()[varies]
        return points

    def climbed(self, box, row, steps, point=None):
        """The largest value of a row of the outputs that steps by the gradient find."""
        lower, upper = box
        point = numpy.clip(self.image if point is None else point, lower, upper)
        best = -numpy.inf
        for number in range(steps + 1):
            value, slope = self.graph.gradient(point, row)
            best = max(best, value)
            length = (upper - lower) * (1 if number == 0 else 0.5 ** (1 + number // 4))
            point = numpy.clip(point + length * numpy.sign(slope), lower, upper)
        return best

    def largest(self, box, output, count=32, steps=8):
        """The largest value of an output on a box, as samples and gradients find it."""
        row = numpy.eye(self.classes)[output]
        points = self.corners(box, count)
        values = self.run(points)[:, output]
        best = points[values.argmax()]
        return max(values.max(), self.climbed(box, row, steps, best), self.climbed(box, row, steps))

    def by_intervals(self, name, radius):
        """A threshold beyond what intervals can reach."""
        box = self.ball(radius)
        _, upper = self.graph.bounds(*box)
        output = int(self.chance.integers(self.classes))
        return Property(name, box, at_least(output, 1.01 * abs(upper[output]) + 1), "unsat", True,
                        f"beyond the interval bound {upper[output]:.4g}; radius {radius:.4g}")

    def pixels(self, count):
        """Numbers of the image that vary, side by side where there are several."""
        _, height, width = self.graph.shape
        begin = self.chance.integers(width * (height - 1) - count)
        return numpy.arange(begin, begin + count)

    def few_proved(self, count):
        """Few numbers vary, as far as affine forms prove that 1.5 times the largest change is out of reach."""
        places, output = self.pixels(count), int(self.chance.integers(self.classes))
        for width in WIDTHS:
            box = self.ball(width, places)
            try:
                _, upper = self.graph.bounds(*box, most=self.generators)
            except TooMany:
                continue
            most = self.largest(box, output)
            threshold = self.outputs[output] + 1.5 * (most - self.outputs[output])
            if upper[output] < threshold:
                return Property(f"few{count}", box, at_least(output, threshold), "unsat", True,
                                f"{count} numbers vary by {width:.4g}; 1.5 times the largest change")
        return None

    def few_full(self, count):
        """Few numbers vary in all of [0, 1]; the logit of the image's class against 1.5 times its maximum."""
        box = self.ball(1.0, self.pixels(count))
        output = int(self.outputs.argmax())
        most = self.largest(box, output)
        return Property(f"full{count}", box, at_least(output, 1.5 * most), "unsat", False,
                        f"{count} numbers vary in [0, 1]; 1.5 times the largest value {most:.4g} that was found")

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
UNPROVED = 0.01


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


class Effort:
    """How much is spent on answers: points at once, corners that are sampled, of which so many are where
    steps by the gradient start, and rounds of one number after the other; generators of affine forms;
    images that are looked at, and classes beside the best that are attacked; the type of numbers where
    rounding does not matter."""

    def __init__(self, batch=8, corners=32, starts=1, steps=8, rounds=1, generators=200, images=4, rivals=3, kind=float):
        self.batch, self.corners, self.starts, self.steps, self.rounds = batch, corners, starts, steps, rounds
        self.generators, self.images, self.rivals, self.kind = generators, images, rivals, kind


class Maker:
    """Makes the properties of one network, around images of one seed."""

    def __init__(self, graph, chance, classes, taught, effort):
        self.graph, self.chance, self.classes, self.effort = graph, chance, classes, effort
        self.taught = taught
        self.look_at(self.picture())

    def picture(self):
        return image(self.chance, int(self.chance.integers(self.taught)), self.graph.shape).astype(float)

    def look_at(self, picture):
        """Makes an image the middle of the boxes to come."""
        self.image, self.outputs = picture, self.run(picture[None])[0]

    def run(self, points):
        batch = self.effort.batch
        return numpy.concatenate([self.graph.run(points[i:i + batch])
                                  for i in range(0, len(points), batch)])

    def ball(self, radius, places=None, kind=None):
        """The box around the image, of some of its numbers or of all, inside [0, 1]. What is evaluated in
        it is so in the type of its sides."""
        lower, upper = [self.image.astype(kind or self.effort.kind) for _ in range(2)]
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
        """The largest value of a row of the outputs that steps by the gradient find, and where."""
        lower, upper = box
        point = numpy.clip(self.image if point is None else point, lower, upper).astype(lower.dtype)
        best, where = -numpy.inf, point
        for number in range(steps + 1):
            value, slope = self.graph.gradient(point, row)
            if value > best:
                best, where = value, point
            length = (upper - lower) * (1 if number == 0 else 0.5 ** (1 + number // 4))
            point = numpy.clip(point + length * numpy.sign(slope), lower, upper).astype(lower.dtype)
        return best, where

    def improved(self, box, output, point):
        """One number after the other set to the best of five values, as long as that helps; for few numbers."""
        lower, upper = (side.ravel() for side in box)
        best, point = self.run(point[None])[0, output], point.copy()
        for _ in range(self.effort.rounds):
            before = best
            for place in numpy.flatnonzero(upper > lower):
                tries = numpy.repeat(point[None], 5, axis=0)
                tries.reshape(5, -1)[:, place] = numpy.linspace(lower[place], upper[place], 5)
                values = self.run(tries)[:, output]
                if values.max() > best:
                    best, point = values.max(), tries[values.argmax()]
            if best <= before:
                break
        return best

    def largest(self, box, output):
        """The largest value of an output on a box where few numbers vary, as samples, gradients and one
        number after the other find it."""
        row, points = self.row(output), self.corners(box, self.effort.corners)
        values = self.run(points)[:, output]
        starts = [points[i] for i in numpy.argsort(-values)[:self.effort.starts]] + [self.image]
        found = [values.max()]
        for start in starts:
            value, where = self.climbed(box, row, self.effort.steps, start)
            found += [value, self.improved(box, output, where)]
        return max(found)

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
        """Few numbers vary, as far as affine forms prove that 1.5 times the largest change is out of reach;
        an estimate, where they prove that of no width."""
        places, output = self.pixels(count), int(self.chance.integers(self.classes))
        for width in WIDTHS:
            try:
                _, upper = self.graph.bounds(*self.ball(width, places, float), most=self.effort.generators)
            except TooMany:
                continue
            threshold = self.beyond(self.ball(width, places, float), output)
            if upper[output] < threshold:
                return Property(f"few{count}", self.ball(width, places, float), at_least(output, threshold), "unsat",
                                True, f"{count} numbers vary by {width:.4g}; 1.5 times the largest change")
        box = self.ball(UNPROVED, places, float)
        return Property(f"few{count}", box, at_least(output, self.beyond(box, output)), "unsat", False,
                        f"{count} numbers vary by {UNPROVED:.4g}; 1.5 times the largest change that was found: an estimate")

    def beyond(self, box, output):
        return self.outputs[output] + 1.5 * (self.largest(box, output) - self.outputs[output])

    def few_full(self, count):
        """Few numbers vary in all of [0, 1]; the logit of the image's class against 1.5 times its maximum."""
        box = self.ball(1.0, self.pixels(count))
        output = int(self.outputs.argmax())
        most = self.largest(box, output)
        return Property(f"full{count}", box, at_least(output, 1.5 * most), "unsat", False,
                        f"{count} numbers vary in [0, 1]; 1.5 times the largest value {most:.4g} that was found: an estimate")

    def small_change(self, name, radius):
        """All numbers vary a little; an output beyond 3 times the largest change that gradients find."""
        box, output = self.ball(radius), int(self.chance.integers(self.classes))
        most, _ = self.climbed(box, self.row(output), self.effort.steps)
        change = most - self.outputs[output]
        return Property(name, box, at_least(output, self.outputs[output] + 3 * change), "unsat", False,
                        f"radius {radius:.4g}; 3 times the largest change {change:.4g} that was found: an estimate")

    def row(self, plus, minus=None):
        """The row of outputs that says plus - minus."""
        row = numpy.eye(self.classes)[plus]
        return row if minus is None else row - numpy.eye(self.classes)[minus]

    def reaches(self, point, conditions):
        """Whether (sign, output, threshold) all hold at a point, in float64 and in float32."""
        return all(sign * y[output] >= sign * threshold for sign, output, threshold in conditions
                   for kind in (float, numpy.float32) for y in self.graph.run(point[None].astype(kind)))

    def planted(self, name, radius, outputs):
        """Some outputs are as they are at a random point inside the box, or further out."""
        box = self.ball(radius)
        lower, upper = box
        points = lower + (upper - lower) * self.chance.uniform(size=(self.effort.corners,) + lower.shape).astype(lower.dtype)
        values = self.run(points)
        chosen = self.chance.choice(self.classes, min(outputs, self.classes), replace=False)
        signs = self.chance.choice([-1, 1], len(chosen))
        spread = values.std(axis=0)
        away = ((values - values.mean(axis=0)) / spread)[:, chosen] * signs
        best = int(away.min(axis=1).argmax())
        margins = 0.1 * spread[chosen] + 1e-4 * numpy.abs(values[best, chosen])
        wanted = values[best, chosen] - signs * margins
        if not self.reaches(points[best], list(zip(signs, chosen, wanted + signs * margins / 2))):
            return None
        texts = [f"({'>=' if s > 0 else '<='} Y_{o} {decimal(w)})" for s, o, w in zip(signs, chosen, wanted)]
        formula = texts[0] if len(texts) == 1 else f"(and {' '.join(texts)})"
        return Property(name, box, formula, "sat", True, f"met at a random point; {len(chosen)} outputs, radius {radius:.4g}")

    def one_step(self, name, radius):
        """An output above what samples reach, below where one step by the gradient's signs leads."""
        box = self.ball(radius)
        output = int(numpy.argsort(self.outputs)[-2])
        reached = max(self.outputs[output], self.run(self.corners(box, self.effort.corners))[:, output].max())
        _, slope = self.graph.gradient(self.image.astype(box[0].dtype), self.row(output))
        point = numpy.clip(self.image + radius * numpy.sign(slope), *box).astype(box[0].dtype)
        value = self.run(point[None])[0, output]
        if value - reached < 1e-3 * max(1, abs(value)):
            return None
        if not self.reaches(point, [(1, output, value - 0.15 * (value - reached))]):
            return None
        return Property(name, box, at_least(output, value - 0.2 * (value - reached)), "sat", True,
                        f"one step by the gradient; radius {radius:.4g}, samples stay {0.8 * (value - reached):.4g} below")

    def loss(self, box):
        """The margin of the best class, how much of it steps by the gradient take, and the worst point."""
        label = int(self.outputs.argmax())
        rivals = numpy.argsort(self.outputs)[-1 - self.effort.rivals:-1]
        margins = self.outputs[label] - self.outputs[rivals]
        found = [self.climbed(box, self.row(rival, label), self.effort.steps) for rival in rivals]
        shares = [(value + margin) / margin for (value, _), margin in zip(found, margins)]
        worst = int(numpy.argmax(shares))
        return label, margins[worst], shares[worst], int(rivals[worst]), found[worst][1]

    def robust(self, name, radius):
        """No class above the image's: of some images the one whose margin is threatened least."""
        seen, before = [], self.image
        for _ in range(self.effort.images):
            self.look_at(self.picture())
            box = self.ball(radius)
            seen.append((*self.loss(box), box))
        self.look_at(before)
        label, margin, share, rival, point, box = min(seen, key=lambda one: one[2])
        clauses = [f"(>= Y_{j} Y_{label})" for j in range(self.classes) if j != label]
        note = f"radius {radius:.4g}, margin {margin:.4g}, attacks take {100 * share:.3g} % of it: an estimate"
        verdict, sure = ("unsat" if share < 0.4 else None), False
        outputs = [self.graph.run(point[None].astype(kind))[0] for kind in (float, numpy.float32)]
        if share > 1 and all(y[rival] - y[label] > 1e-3 * margin for y in outputs):
            verdict, sure = "sat", True
            note = note.replace(": an estimate", "")
        return Property(name, box, f"(or {' '.join(clauses)})", verdict, sure, note)

"""Affine forms: every number is centre + sum of generators * e + radius * e', all e in [-1, 1].

Generators are shared by all numbers, the radius is each number's own. Without generators this is
interval arithmetic. With them every input that varies has one, and a `Space` gives one to every ReLU
whose sign is open: what these errors do to later layers may then cancel. The bounds are those of real
arithmetic as far as float64 is exact; `bounds` widens them by more than its rounding takes.
"""
import numpy

SLACK = 1e-12  # of the largest magnitude, at least as much of 1


class TooMany(Exception):
    """More generators than the space allows."""


class Space:
    """Numbers the generators of all forms of one evaluation."""

    def __init__(self, most):
        self.count, self.most = 0, most

    def grow(self, more):
        self.count += more
        if self.count > self.most:
            raise TooMany(f"{self.count} generators")


class Form:
    """`centre` and `radius` with a leading dimension of 1, `parts` with one entry per generator."""

    def __init__(self, centre, parts, radius, space=None):
        self.centre, self.parts, self.radius, self.space = centre, parts, radius, space

    @staticmethod
    def of_box(lower, upper, space=None):
        """The form of a box; generators where there is a space for them, else radii."""
        centre, radius = (lower + upper) / 2, (upper - lower) / 2
        if space is None:
            return Form(centre[None], numpy.zeros((0,) + centre.shape), radius[None])
        places = numpy.flatnonzero(radius)
        space.grow(len(places))
        parts = numpy.zeros((len(places), radius.size))
        parts[numpy.arange(len(places)), places] = radius.ravel()[places]
        parts = parts.reshape((len(places),) + centre.shape)
        return Form(centre[None], parts, numpy.zeros_like(centre)[None], space)

    def interval(self, lower, upper):
        """An interval instead of this form, without memory of the inputs."""
        return Form((lower + upper) / 2, numpy.zeros((0,) + lower.shape[1:]), (upper - lower) / 2, self.space)

    def bounds(self, slack=SLACK):
        width = self.radius + numpy.abs(self.parts).sum(axis=0, keepdims=True)
        width = width + slack * numpy.maximum(1, numpy.abs(self.centre).max(initial=0))
        return self.centre - width, self.centre + width

    def with_own(self, errors):
        """This form and an error of its own for each number: in a generator where there is a space."""
        places = numpy.flatnonzero(errors)
        if self.space is None or not len(places):
            return Form(self.centre, self.parts, self.radius + errors, self.space)
        begin = self.space.count
        self.space.grow(len(places))
        parts = numpy.zeros((self.space.count,) + self.centre.shape[1:])
        parts[:len(self.parts)] = self.parts
        parts.reshape(len(parts), -1)[numpy.arange(begin, self.space.count), places] = errors.ravel()[places]
        return Form(self.centre, parts, self.radius, self.space)


def total(a, b):
    """Generators of a sum; a form that is older has fewer."""
    if len(a) < len(b):
        a, b = b, a
    out = a.copy()
    out[:len(b)] += b
    return out

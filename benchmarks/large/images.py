"""Smooth synthetic images in classes: a grating per class (direction, frequency, colours) on a soft light."""
import numpy

DIRECTIONS = 10


def image(chance, label, shape):
    """One image of a class: colours in [0, 1], multiples of 1/255, float32."""
    channels, height, width = shape
    angle = numpy.pi * (label % DIRECTIONS + 0.3 * chance.uniform(-1, 1)) / DIRECTIONS
    waves = 2 + label // DIRECTIONS % 5
    colours = numpy.random.default_rng(label // (5 * DIRECTIONS) + 7).uniform(0.3, 1, channels)
    y, x = numpy.mgrid[0:height, 0:width]
    y, x = y / height, x / width
    phase, light = chance.uniform(0, 2 * numpy.pi), chance.uniform(-0.15, 0.15, 3)
    grating = numpy.sin(2 * numpy.pi * waves * (x * numpy.cos(angle) + y * numpy.sin(angle)) + phase)
    soft = light[0] + light[1] * (x - 0.5) + light[2] * (y - 0.5)
    values = 0.5 + 0.3 * colours[:, None, None] * grating + soft
    return (numpy.round(255 * numpy.clip(values, 0, 1)) / 255).astype(numpy.float32)


def images(chance, labels, shape):
    return numpy.stack([image(chance, int(label), shape) for label in labels])

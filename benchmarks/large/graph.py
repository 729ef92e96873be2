"""Networks as lists of operators: built on sample images, evaluated, bounded, differentiated, written."""
import numpy

import onnx_file
from form import Form, Space


class Step:
    """An operator with the names of its inputs and its output."""

    def __init__(self, operator, inputs, output):
        self.operator, self.inputs, self.output = operator, inputs, output


class Graph:
    """One input "input" of one image, one output "output".

    While it is built, `samples` has the values of a few images after every step, by which
    normalisations and scales are set; `finish` forgets them.
    """

    def __init__(self, images, opset=13):
        self.shape, self.opset, self.steps = images.shape[1:], opset, []
        self.samples, self.last_use = {"input": images}, {}

    def add(self, operator, *inputs, name=None):
        """Adds an operator; the name of its output."""
        output = name or f"{type(operator).__name__.lower()}_{len(self.steps)}"
        self.steps.append(Step(operator, list(inputs), output))
        if self.samples is not None:
            self.samples[output] = operator.value(*[self.samples[i] for i in inputs])
        return output

    def finish(self):
        self.samples = None
        for number, step in enumerate(self.steps):
            for name in step.inputs:
                self.last_use[name] = number
        return self

    @property
    def last(self):
        return self.steps[-1].output

    def parameters(self):
        return sum(step.operator.parameters() for step in self.steps)

    def run(self, images, until=None, all_values=None):
        """Outputs of a batch, or the values of the step `until`, in the images' own type."""
        values = {"input": images}
        for number, step in enumerate(self.steps):
            values[step.output] = step.operator.value(*[values[i] for i in step.inputs])
            if step.output == until:
                return values[until]
            if all_values is None:
                for name in set(step.inputs):
                    if self.last_use[name] == number:
                        del values[name]
        if all_values is not None:
            all_values.update(values)
        return values[self.last]

    def gradient(self, image, weights):
        """Value and gradient, at one image, of the outputs' sum with these weights."""
        values = {}
        out = self.run(image[None], all_values=values)
        slopes = {self.last: numpy.asarray(weights, out.dtype)[None]}
        for step in reversed(self.steps):
            slope = slopes.pop(step.output, None)
            if slope is None:
                continue
            inputs = [values[i] for i in step.inputs]
            for name, one in zip(step.inputs, step.operator.gradient(inputs, values[step.output], slope)):
                slopes[name] = slopes[name] + one if name in slopes else one
        return float(out[0] @ numpy.asarray(weights, out.dtype)), slopes["input"][0]

    def bounds(self, lower, upper, rows=None, most=0):
        """Bounds of the outputs on a box, or of rows of weights over the outputs; intervals, or affine
        forms with `most` generators at most."""
        space = Space(most) if most else None
        forms = {"input": Form.of_box(lower.astype(float), upper.astype(float), space)}
        for number, step in enumerate(self.steps):
            forms[step.output] = step.operator.form(*[forms[i] for i in step.inputs])
            for name in set(step.inputs):
                if self.last_use[name] == number:
                    del forms[name]
        form = forms[self.last]
        if rows is not None:
            form = Form(form.centre @ rows.T, form.parts @ rows.T, form.radius @ numpy.abs(rows).T)
        low, high = form.bounds()
        return low[0], high[0]

    def model(self):
        model = onnx_file.Model(self.opset)
        names = {step.output: step.output for step in self.steps}
        names["input"], names[self.last] = "input", "output"
        for step in self.steps:
            step.operator.nodes(model, [names[i] for i in step.inputs], names[step.output])
        outputs = self.steps[-1].operator.bias.size
        model.inputs = [onnx_file.value_of("input", (1,) + self.shape)]
        model.outputs = [onnx_file.value_of("output", [1, outputs])]
        return model



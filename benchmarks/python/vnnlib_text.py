"""VNN-LIB text: version 1.0 read into nested lists, numbers kept as the file has them, version 2.0 written.

An expression is a list (operator, operands) or a word. Numbers become exact decimals without
exponents where they are written, as the grammar of 2.0 demands.
"""
import decimal
import re

from onnx_file import open_any

TOKEN = re.compile(r";[^\n]*|[()]|[^\s();]+")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
VARIABLE = re.compile(r"([XY])_(\d+)$")


def expressions(text):
    """The bracketed expressions of a text, one after the other."""
    stack = []
    for token in TOKEN.findall(text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            if not stack:
                yield done
            else:
                stack[-1].append(done)
        elif token[0] != ";":
            stack[-1].append(token)
    if stack:
        raise ValueError("a bracket is not closed")


class Property:
    """A property of version 1.0: how many inputs and outputs, and what it asserts."""

    def __init__(self, path):
        with open_any(path) as file:
            text = file.read().decode()
        counts, self.asserted = {"X": 0, "Y": 0}, []
        for one in expressions(text):
            if one[0] == "declare-const":
                kind, index = VARIABLE.match(one[1]).groups()
                counts[kind] = max(counts[kind], int(index) + 1)
            elif one[0] == "assert":
                self.asserted.append(one[1])
        self.inputs, self.outputs = counts["X"], counts["Y"]

    def box(self):
        """[(lowest, highest)] as texts where the assertions themselves bound every input, else None."""
        low, high = [None] * self.inputs, [None] * self.inputs
        for one in self.asserted:
            if len(one) != 3 or one[0] not in ("<=", ">=", "<", ">"):
                continue
            operator, left, right = one
            if not isinstance(left, str) or not isinstance(right, str):
                continue
            if left[0] != "X" and right[0] == "X":
                left, right, operator = right, left, {"<": ">", ">": "<"}[operator[0]]
            found = VARIABLE.match(left)
            if found and found[1] == "X" and NUMBER.match(right):
                (low if operator[0] == ">" else high)[int(found[2])] = right
        return None if None in low or None in high else list(zip(low, high))


def plain(number):
    """A number's text as digits without exponent and without a leading plus or point."""
    if isinstance(number, float):
        number = repr(number)
    value = decimal.Decimal(number)
    text = format(value, "f")
    return text[1:] if text[0] == "+" else text

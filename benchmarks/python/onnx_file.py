"""ONNX files as the scripts beside this folder need them: read, rename, change weights, write.

Only what protobuf and ONNX say about the fields that matter here; every other field is kept as its
bytes. `declared` reads inputs and outputs alone and skips the weights, so that a large file costs
one pass over it and no memory; weights are written from where they lie.
"""
import array
import gzip
import os
import struct
import sys

FLOAT, INT64 = 1, 7
# Fields of the messages, as onnx.proto numbers them.
MODEL_GRAPH, MODEL_OPSET = 7, 8
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE = 1, 2, 5, 11, 12, 13
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_OPERATOR, NODE_ATTRIBUTE = 1, 2, 3, 4, 5
ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS = 6, 11
TENSOR_DIMS, TENSOR_TYPE, TENSOR_FLOATS, TENSOR_INT64S, TENSOR_NAME, TENSOR_RAW = 1, 2, 4, 7, 8, 9
TENSOR_EXTERNAL, TENSOR_PLACE = 13, 14


def open_any(path, mode="rb"):
    return gzip.open(path, mode) if path.endswith(".gz") else open(path, mode)


def varint(value):
    """The bytes of an unsigned number; negative ones as their 64 bits."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """One field: an int as varint, text or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of a message: an int, or bytes (also for fixed 32 and 64 bits, with wire)."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = read_varint(data, at)
        else:
            if wire == 2:
                length, at = read_varint(data, at)
            elif wire in (1, 5):
                length = 8 if wire == 1 else 4
            else:
                raise ValueError(f"protobuf wire type {wire}")
            value = data[at:at + length]
            if len(value) < length:
                raise ValueError("protobuf message ends early")
            at += length
        yield number, wire, value


def encode(items):
    """The bytes of (number, wire, value) triples."""
    out = []
    for number, wire, value in items:
        out.append(varint(number << 3 | wire))
        if wire == 0:
            out.append(varint(value))
        elif wire == 2:
            out += [varint(len(value)), value]
        else:
            out.append(value)
    return b"".join(out)


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def integers(wire, value):
    """A repeated integer's values, packed or not."""
    if wire == 0:
        return [signed(value)]
    out, at = [], 0
    while at < len(value):
        one, at = read_varint(value, at)
        out.append(signed(one))
    return out


class Tensor:
    """An initialiser. `floats` has a float32 tensor's values, in anything that shows its memory (an
    array, a matrix of numpy); the bytes of other types are among `items`."""

    def __init__(self, data):
        self.items, self.dims, self.type, self.name, self.floats = [], [], 0, "", None
        for number, wire, value in fields(data):
            if number == TENSOR_DIMS:
                self.dims += integers(wire, value)
            elif number == TENSOR_TYPE:
                self.type = value
            elif number == TENSOR_NAME:
                self.name = value.decode()
            else:
                self.items.append((number, wire, value))
        if self.type == FLOAT:
            self.floats = array.array("f")
            for number, wire, value in self.items:
                if number in (TENSOR_RAW, TENSOR_FLOATS):
                    self.floats.frombytes(value)
            if sys.byteorder == "big":
                self.floats.byteswap()
            self.items = [i for i in self.items if i[0] not in (TENSOR_RAW, TENSOR_FLOATS)]

    def memory(self):
        """The values' bytes as they are in the file, without a copy where the machine agrees."""
        if sys.byteorder == "big":
            values = array.array("f", memoryview(self.floats).cast("B").tobytes())
            values.byteswap()
            return memoryview(values).cast("B")
        return memoryview(self.floats).cast("B")

    def has_floats(self):
        return self.floats is not None and memoryview(self.floats).nbytes > 0

    def pieces(self, place=None):
        """What the message consists of, in order; `place` is (file, offset) of external values."""
        out = [field(TENSOR_DIMS, d) for d in self.dims]
        out += [field(TENSOR_TYPE, self.type), encode(self.items), field(TENSOR_NAME, self.name)]
        if self.has_floats():
            values = self.memory()
            if place is None:
                return [b"".join(out), varint(TENSOR_RAW << 3 | 2) + varint(values.nbytes), values]
            for key, value in (("location", place[0]), ("offset", place[1]), ("length", values.nbytes)):
                out.append(field(TENSOR_EXTERNAL, field(1, key) + field(2, str(value))))
            out.append(field(TENSOR_PLACE, 1))
        return [b"".join(out)]

    def encoded(self):
        return b"".join(self.pieces())


class Node:
    def __init__(self, data):
        self.inputs, self.outputs, self.name, self.operator, self.items = [], [], "", "", []
        for number, wire, value in fields(data):
            if number == NODE_INPUT:
                self.inputs.append(value.decode())
            elif number == NODE_OUTPUT:
                self.outputs.append(value.decode())
            elif number == NODE_NAME:
                self.name = value.decode()
            elif number == NODE_OPERATOR:
                self.operator = value.decode()
            else:
                if number == NODE_ATTRIBUTE and any(
                        n in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS) for n, _, _ in fields(value)):
                    raise ValueError("a node with a graph inside is not renamed here")
                self.items.append((number, wire, value))

    def encoded(self):
        out = [field(NODE_INPUT, name) for name in self.inputs]
        out += [field(NODE_OUTPUT, name) for name in self.outputs]
        out += [field(NODE_NAME, self.name), field(NODE_OPERATOR, self.operator), encode(self.items)]
        return b"".join(out)


def node(operator, inputs, outputs, attributes=()):
    """A new node; attributes are encoded AttributeProtos."""
    made = Node(b"")
    made.operator, made.inputs, made.outputs, made.name = operator, list(inputs), list(outputs), outputs[0]
    made.items = [(NODE_ATTRIBUTE, 2, a) for a in attributes]
    return made


def int_attribute(name, value):
    return field(1, name) + field(3, value) + field(20, 2)


def ints_attribute(name, values):
    return field(1, name) + b"".join(field(8, v) for v in values) + field(20, 7)


def float_attribute(name, value):
    return field(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + field(20, 1)


def tensor(name, dims, values):
    """A new float32 initialiser."""
    made = matrix_tensor(name, array.array("f", values))
    made.dims = list(dims)
    return made


def matrix_tensor(name, values):
    """A new float32 initialiser of values that know their shape and are not copied."""
    made, view = Tensor(b""), memoryview(values)
    if view.format != "f" or not view.c_contiguous:
        raise ValueError(f"{name} is not float32 in order")
    made.name, made.dims, made.type, made.floats = name, list(view.shape), FLOAT, values
    return made


def integers_tensor(name, dims, values):
    """A new int64 initialiser."""
    made = Tensor(b"")
    made.name, made.dims, made.type = name, list(dims), INT64
    made.items = [(TENSOR_INT64S, 0, v) for v in values]
    return made


class Value:
    """A declared input or output: name, element type, dimensions (None: dynamic)."""

    def __init__(self, data):
        self.name, self.type, self.dims = "", 0, None
        for number, _, value in fields(data):
            if number == 1:
                self.name = value.decode()
            elif number == 2:
                for kind, _, body in fields(value):
                    if kind == 1:
                        self.read_tensor(body)

    def read_tensor(self, data):
        for number, _, value in fields(data):
            if number == 1:
                self.type = value
            elif number == 2:
                self.dims = [self.dimension(d) for n, _, d in fields(value) if n == 1]

    @staticmethod
    def dimension(data):
        found = [signed(v) for n, wire, v in fields(data) if n == 1 and wire == 0]
        return found[0] if found else None

    def encoded(self):
        dims = b"".join(field(1, b"" if d is None else field(1, d)) for d in self.dims or [])
        shape = b"" if self.dims is None else field(2, dims)
        return field(1, self.name) + field(2, field(1, field(1, self.type) + shape))


def value_of(name, dims, kind=FLOAT):
    made = Value(b"")
    made.name, made.type, made.dims = name, kind, list(dims)
    return made


class Model:
    def __init__(self, opset=13):
        self.items = [(1, 0, 7 if opset < 15 else 8)]  # version of the representation
        self.items.append((MODEL_OPSET, 2, field(2, opset)))
        self.nodes, self.tensors, self.inputs, self.outputs = [], [], [], []

    @staticmethod
    def read(path):
        with open_any(path) as file:
            data = file.read()
        model = Model()
        model.items = []
        for number, wire, value in fields(data):
            if number == MODEL_GRAPH:
                model.read_graph(value)
            else:
                model.items.append((number, wire, value))
        known = {t.name for t in model.tensors}
        model.inputs = [v for v in model.inputs if v.name not in known]
        return model

    def read_graph(self, data):
        kinds = {GRAPH_NODE: (Node, self.nodes), GRAPH_INITIALIZER: (Tensor, self.tensors),
                 GRAPH_INPUT: (Value, self.inputs), GRAPH_OUTPUT: (Value, self.outputs)}
        for number, _, value in fields(data):
            if number in kinds:
                make, where = kinds[number]
                where.append(make(value))

    def write(self, path, data=None):
        """Writes the model; the float32 weights into the file `data` beside it, where that is named."""
        pieces, offset = [field(GRAPH_NAME, "graph")], 0
        pieces += [field(GRAPH_NODE, one.encoded()) for one in self.nodes]
        outside = [t for t in self.tensors if data and t.has_floats()]
        for one in self.tensors:
            inner = one.pieces((data, offset) if one in outside else None)
            offset += one.memory().nbytes if one in outside else 0
            size = sum(memoryview(p).nbytes for p in inner)
            pieces += [varint(GRAPH_INITIALIZER << 3 | 2) + varint(size)] + inner
        pieces += [field(GRAPH_INPUT, one.encoded()) for one in self.inputs]
        pieces += [field(GRAPH_OUTPUT, one.encoded()) for one in self.outputs]
        with open_any(path, "wb") as file:
            file.write(encode(self.items))
            file.write(varint(MODEL_GRAPH << 3 | 2) + varint(sum(memoryview(p).nbytes for p in pieces)))
            for piece in pieces:
                file.write(piece)
        if data:
            with open(os.path.join(os.path.dirname(path), data), "wb") as file:
                for one in outside:
                    file.write(one.memory())

    def renamed(self, prefix, kept):
        """The model with every name but the kept ones and the empty one prefixed, in place."""
        def new(name):
            return name if not name or name in kept else prefix + name
        for one in self.nodes:
            one.inputs, one.outputs = [new(n) for n in one.inputs], [new(n) for n in one.outputs]
            one.name = new(one.name)
        for one in self.tensors + self.inputs + self.outputs:
            one.name = new(one.name)
        return self


class Stream:
    """Reads protobuf fields from a file, one after the other, and skips what nobody asks for."""

    def __init__(self, file):
        self.file, self.at = file, 0

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.file.read(1)
            if not byte:
                raise EOFError
            self.at += 1
            value |= (byte[0] & 127) << shift
            if byte[0] < 128:
                return value
            shift += 7

    def take(self, length):
        data = self.file.read(length)
        if len(data) < length:
            raise ValueError("the file ends inside a message")
        self.at += length
        return data

    def skip(self, length):
        self.file.seek(length, 1)
        self.at += length

    def head(self):
        """(number, wire, length) of the next field; a varint is read and has no length."""
        key = self.varint()
        wire = key & 7
        if wire == 0:
            self.varint()
            return key >> 3, wire, 0
        return key >> 3, wire, self.varint() if wire == 2 else 8 if wire == 1 else 4


def name_of_tensor(stream, length):
    end, name = stream.at + length, ""
    while stream.at < end:
        number, _, size = stream.head()
        if number == TENSOR_NAME:
            name = stream.take(size).decode()
        else:
            stream.skip(size)
    return name


def declared(path):
    """(inputs, outputs) of a file as Values, without the inputs that initialisers give."""
    inputs, outputs, known = [], [], set()
    with open_any(path) as file:
        stream = Stream(file)
        while True:
            try:
                number, wire, length = stream.head()
            except EOFError:
                break
            if number != MODEL_GRAPH or wire != 2:
                stream.skip(length)
                continue
            end = stream.at + length
            while stream.at < end:
                number, _, length = stream.head()
                if number == GRAPH_INITIALIZER:
                    known.add(name_of_tensor(stream, length))
                elif number in (GRAPH_INPUT, GRAPH_OUTPUT):
                    (inputs if number == GRAPH_INPUT else outputs).append(Value(stream.take(length)))
                else:
                    stream.skip(length)
    return [v for v in inputs if v.name not in known], outputs

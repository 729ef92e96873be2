"""The pytest helper, auto_LiRPA's names, suites, and what of a model is not supported."""
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import clipbound
from clipbound.lirpa import BoundedModule
from clipbound.testing import assert_verified


def test_assert_verified(absolute):
    box = ([-1, -1], [1, 1])
    assert assert_verified(absolute, (*box, [-1], -2.5)).verdict == "unsat"
    with pytest.raises(AssertionError, match="counterexample satisfies -Y_0 <= -1.5"):
        assert_verified(absolute, (*box, [-1], -1.5))
    with pytest.raises(AssertionError, match="timeout|unknown"):
        rng = np.random.default_rng(1)
        sizes = [30, 100, 100, 100, 1]
        net = clipbound.Network.from_layers([(rng.normal(size=(b, a)), np.zeros(b))
                                             for a, b in zip(sizes, sizes[1:])])
        assert_verified(net, (np.full(30, -1), np.full(30, 1), [-1], [-1e5]), timeout=0.3)


def test_bounded_module(random_network):
    net, _ = random_network
    model = BoundedModule(net)
    rng = np.random.default_rng(2)
    x = rng.normal(size=(6, 4))
    C = rng.normal(size=(6, 2, 3))
    for method in ("IBP", "CROWN", "CROWN-Optimized"):
        low, high = model.compute_bounds(x - 0.1, x + 0.1, method=method)
        y = model(x)
        assert low.shape == (6, 3) and np.all(low <= y + 1e-3) and np.all(y <= high + 1e-3)
        low, high, A = model.compute_bounds(x - 0.1, x + 0.1, C, method=method, return_A=True)
        values = np.einsum("brm,bm->br", C, y)
        assert low.shape == (6, 2) and A["lA"].shape == (6, 2, 4)
        assert np.all(low <= values + 1e-3) and np.all(values <= high + 1e-3)
    same = np.broadcast_to(C[0], (6, 2, 3))
    np.testing.assert_array_equal(model.compute_bounds(x, x + 0.1, same)[0],
                                  model.compute_bounds(x, x + 0.1, C[0])[0])
    assert model.compute_bounds(x, x, bound_upper=False)[1] is None
    with pytest.raises(clipbound.InputError, match="method"):
        model.compute_bounds(x, x, method="magic")
    with pytest.raises(clipbound.InputError, match="matrices"):
        model.compute_bounds(x, x, C[:2])


def test_suites(program, tmp_path):
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                          "benchmarks", "examples")
    run = clipbound.suite.run(folder, tmp_path / "run", limit=2, timeout=20, program=program)
    assert run.counts() == {"sat": 1, "unsat": 1}
    columns = run.to_dict()
    assert columns["verdict"] == ["sat", "unsat"] and all(s >= 0 for s in columns["seconds"])
    again = clipbound.suite.read(tmp_path / "run")
    assert again.records == run.records and "1 sat, 1 unsat" in repr(again)
    with pytest.raises(clipbound.InputError):
        clipbound.suite.run(tmp_path / "nowhere", tmp_path / "other", program=program)
    with pytest.raises(FileNotFoundError):
        clipbound.suite.run(folder, tmp_path / "other", program="no such program")


def write_onnx(text, path):
    """An ONNX model from its text form."""
    if shutil.which("protoc") is None or not os.path.exists("/usr/include/onnx/onnx.proto"):
        pytest.skip("protoc or onnx.proto is missing")
    done = subprocess.run(["protoc", "-I/usr/include", "--encode=onnx.ModelProto", "onnx/onnx.proto"],
                          input=text.encode(), capture_output=True, check=True)
    path.write_bytes(done.stdout)


MODEL = """
ir_version: 8 opset_import {{ domain: "" version: 13 }}
graph {{ name: "g"
  {nodes}
  initializer {{ name: "w" data_type: 1 dims: 2 {data} }}
  input {{ name: "x" type {{ tensor_type {{ elem_type: 1 shape {{ dim {{ dim_value: 2 }} }} }} }} }}
  output {{ name: "y" type {{ tensor_type {{ elem_type: 1 shape {{ dim {{ dim_value: 2 }} }} }} }} }} }}
"""
ADD = 'node { op_type: "Add" name: "add" input: "x" input: "w" output: "y" }'


def test_external_data_in_a_folder(tmp_path):
    data = 'data_location: EXTERNAL external_data { key: "location" value: "w.bin" }'
    write_onnx(MODEL.format(nodes=ADD, data=data), tmp_path / "m.onnx")
    np.array([1.5, -2.5], np.float32).tofile(tmp_path / "w.bin")
    model = (tmp_path / "m.onnx").read_bytes()
    for net in (clipbound.load(tmp_path / "m.onnx"), clipbound.load(model, folder=tmp_path)):
        np.testing.assert_array_equal(net([1, 1]), [2.5, -1.5])
        assert [os.path.basename(f["path"]) for f in net.file["data"]] == ["w.bin"]
    with pytest.raises(clipbound.InputError, match="external data"):
        clipbound.load(model)
    with pytest.raises(clipbound.InputError, match="w.bin"):
        (tmp_path / "empty").mkdir()
        clipbound.load(model, folder=tmp_path / "empty")
    with pytest.raises(TypeError, match="beside"):
        clipbound.load(tmp_path / "m.onnx", folder=tmp_path)


def test_what_is_not_supported_is_listed(tmp_path, examples):
    nodes = """
      node { op_type: "NonZero" name: "first" input: "x" output: "a" }
      node { op_type: "NonZero" name: "second" input: "x" output: "b" }
      node { op_type: "Multinomial" name: "third" input: "x" output: "c" }
    """ + ADD
    write_onnx(MODEL.format(nodes=nodes, data="float_data: 1 float_data: 2"), tmp_path / "m.onnx")
    for model in (tmp_path / "m.onnx", (tmp_path / "m.onnx").read_bytes()):
        rows = {row["op"]: row for row in clipbound.unsupported(model)}
        assert set(rows) == {"NonZero", "Multinomial"}
        assert rows["NonZero"]["nodes"] == 2 and rows["NonZero"]["first_node"] == "first"
        assert rows["NonZero"]["opset"] == 13
        with pytest.raises(clipbound.Unsupported, match="NonZero"):
            clipbound.load(model)
    assert clipbound.unsupported(os.path.join(examples, "waves.onnx")) == []


def test_torch_modules(tmp_path):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
    net = clipbound.load(module, sample=torch.zeros(1, 3))
    x = torch.randn(1, 3)
    np.testing.assert_allclose(net(x.numpy()), module(x).detach().numpy(), atol=1e-5)


def test_a_torch_module_is_exported(monkeypatch, examples):
    """What load() does around torch.onnx.export, with a torch that only copies a file."""
    import types

    class Module:
        training = True

        def eval(self):
            self.training = False

        def train(self, mode):
            self.training = mode

    class NoGrad:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

    def export(module, inputs, path):
        assert not module.training and inputs == ("sample",)
        shutil.copy(os.path.join(examples, "waves.onnx"), path)

    torch = types.SimpleNamespace(nn=types.SimpleNamespace(Module=Module), no_grad=NoGrad,
                                  onnx=types.SimpleNamespace(export=export))
    monkeypatch.setitem(sys.modules, "torch", torch)
    module = Module()
    assert clipbound.load(module, sample="sample").input_size == 3
    assert module.training
    with pytest.raises(TypeError, match="sample"):
        clipbound.load(module)

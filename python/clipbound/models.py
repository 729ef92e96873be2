"""Models from wherever they are: files, bytes, objects of onnx and torch."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any, Dict, List, Optional

from . import _native
from .network import Network

__all__ = ["load", "unsupported"]


def load(model: Any, *, folder: Optional[os.PathLike] = None, sample: Any = None) -> Network:
    """Reads a network.

    model: one of
      - a path to an ONNX file (.onnx or .onnx.gz; external data lie beside it);
      - the bytes of an ONNX model, or an ``onnx.ModelProto`` (anything that has
        ``SerializeToString``); where tensors keep their data in files, these lie in ``folder``;
      - a ``torch.nn.Module``, with ``sample``: one input (a tensor) or a tuple of them; it is
        exported by ``torch.onnx.export`` in evaluation mode.

    Raises InputError (cannot be read; the message names file and node), Unsupported (names
    operator, node and opset: see ``unsupported``), TypeError.
    """
    if _is_torch_module(model):
        return _export_and_load(model, sample)
    if _is_path(model):
        if folder is not None:
            raise TypeError("a file's external data lie beside it: folder is for models in memory")
        return Network(_native.Network.load(os.fspath(model)))
    return Network(_native.Network.parse(_bytes_of(model), "memory", _folder_of(folder)))


def unsupported(model: Any, *, folder: Optional[os.PathLike] = None) -> List[Dict[str, Any]]:
    """What in an ONNX model is not supported; [] where ``load`` reads it.

    Each row has "op", "first_node" (its name), "nodes" (how many there are), "opset" and "why"
    (empty: the operator itself). ``model`` and ``folder`` as for ``load``, without torch.
    """
    if _is_path(model):
        return _native.unsupported_in_file(os.fspath(model))
    return _native.unsupported_in_bytes(_bytes_of(model), "memory", _folder_of(folder))


def _is_path(model: Any) -> bool:
    return isinstance(model, (str, os.PathLike))


def _folder_of(folder: Optional[os.PathLike]) -> str:
    if folder is None:
        return ""
    if not os.path.isdir(folder):
        raise _native.InputError(f"there is no folder {os.fspath(folder)}")
    return os.fspath(folder)


def _bytes_of(model: Any) -> bytes:
    if isinstance(model, (bytes, bytearray, memoryview)):
        return bytes(model)
    if hasattr(model, "SerializeToString"):
        return bytes(model.SerializeToString())
    raise TypeError("a model is a path, bytes, an onnx.ModelProto or a torch.nn.Module, "
                    f"not {type(model).__name__}")


def _is_torch_module(model: Any) -> bool:
    torch = sys.modules.get("torch")  # a module is only there where somebody imported torch
    return torch is not None and isinstance(model, torch.nn.Module)


def _export_and_load(module: Any, sample: Any) -> Network:
    import torch

    if sample is None:
        raise TypeError("a torch module is exported with a sample of its input: "
                        "load(module, sample=torch.zeros(1, 3))")
    inputs = sample if isinstance(sample, tuple) else (sample,)
    was_training = module.training
    module.eval()
    try:
        # A file, because exporters may keep the weights beside it.
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            path = os.path.join(folder, "module.onnx")
            torch.onnx.export(module, inputs, path)
            return Network(_native.Network.load(path))
    finally:
        module.train(was_training)

"""For tests: assertions that say what was found."""

from __future__ import annotations

from typing import Any

from .result import Result, Verdict
from .solving import verify

__all__ = ["assert_verified"]


def assert_verified(net: Any, spec: Any, **settings: Any) -> Result:
    """Fails (AssertionError) unless no input satisfies the specification: the verdict is unsat.

    Arguments as for ``clipbound.verify``; without ``timeout`` it is 60 seconds. The message has the
    counterexample, or why there is no answer.

    >>> def test_controller_never_brakes_too_late():
    ...     assert_verified("controller.onnx", "never_too_late.vnnlib", timeout=30)
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    settings.setdefault("timeout", 60.0)
    result = verify(net, spec, **settings)
    if result.verdict is Verdict.unsat:
        return result
    if result.verdict is Verdict.sat:
        named = "\n".join(f"  {name} = {value.tolist()}" for name, value in (result.counterexample or {}).items())
        rows = " and ".join((result.violated or {}).get("rows", []))
        raise AssertionError(f"not verified: a counterexample satisfies {rows or 'the specification'}\n{named}")
    raise AssertionError(f"not verified: {result.verdict}, {result.reason}")

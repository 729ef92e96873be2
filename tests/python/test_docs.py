"""Every block of code in docs/python.md runs, in order, and prints what the page shows."""
import contextlib
import io
import os
import re

import pytest

from conftest import ROOT


def blocks(page):
    """(line, code, what it prints or None)."""
    text = open(os.path.join(ROOT, page), encoding="utf-8").read()
    found = re.finditer(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", text, re.S | re.M)
    return [(text.count("\n", 0, m.start()) + 2, m.group(1), m.group(2)) for m in found]


def test_python_page(program, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("CLIPBOUND_PROGRAM", program)
    page, names, count = "docs/python.md", {"__name__": "page"}, 0
    for line, code, shown in blocks(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * (line - 1) + code, page, "exec"), names)
        if shown is not None:
            assert printed.getvalue() == shown, f"{page}:{line}"
        count += 1
    assert count >= 12, "too few: has the format of the page changed?"


def test_a_page_that_is_wrong_is_seen(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n\n```text\n2\n```\n")
    ((line, code, shown),) = blocks(str(page))
    assert (line, code, shown) == (2, "print(1)\n", "2\n")

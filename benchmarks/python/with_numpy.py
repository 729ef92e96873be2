"""Import before numpy: goes on with Debian's interpreter where this one has no numpy, else skips (77).

One thread for products of matrices: what is measured beside it should not be disturbed.
"""
import importlib.util
import os
import sys

DEBIANS = "/usr/bin/python3"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if importlib.util.find_spec("numpy") is None:
    if os.path.exists(DEBIANS) and "CLIPBOUND_WITH_NUMPY" not in os.environ:
        os.environ["CLIPBOUND_WITH_NUMPY"] = "tried"
        os.execv(DEBIANS, [DEBIANS] + sys.argv)
    print("skipped: python3-numpy is not installed")
    sys.exit(77)

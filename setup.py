"""Builds the module clipbound._native with CMake.

What it takes is in scripts/packages.txt and packages-python.txt (Debian); without network:
    pip install --no-build-isolation --no-deps .
CLIPBOUND_BUILD_DIR names a folder that CMake has built in before: its libraries are used, and only
what is missing is compiled. CLIPBOUND_CMAKE_ARGS are further arguments for CMake.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = os.path.dirname(os.path.abspath(__file__))


def version():
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
        return re.search(r"project\(clipbound VERSION ([\d.]+)", file.read()).group(1)


def builds_python(cache):
    """Whether a folder of CMake is configured for the package already."""
    with open(cache, encoding="utf-8") as file:
        return re.search(r"^CLIPBOUND_PYTHON:\w+=ON$", file.read(), re.MULTILINE) is not None


class CMakeBuild(build_ext):
    def build_extension(self, extension):
        folder = os.environ.get("CLIPBOUND_BUILD_DIR") or os.path.join(self.build_temp, "cmake")
        folder = os.path.abspath(folder)
        cache = os.path.join(folder, "CMakeCache.txt")
        if not os.path.exists(cache):
            self.configure(folder, ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                                    "-DCMAKE_CXX_FLAGS_RELEASE=-O3 -DNDEBUG",
                                    "-DCLIPBOUND_TESTS=OFF", "-DCLIPBOUND_BENCHMARKS=OFF"])
        elif not builds_python(cache):
            self.configure(folder, [])
        jobs = str(len(os.sched_getaffinity(0)))
        built = subprocess.run(["cmake", "--build", folder, "--target", "clipbound_python", "-j", jobs])
        if built.returncode != 0:
            sys.exit("The module could not be built. It takes pybind11-dev, python3-dev and what "
                     "scripts/packages.txt lists: scripts/install_packages packages.txt packages-python.txt")
        module = "_native" + sysconfig.get_config_var("EXT_SUFFIX")
        source = os.path.join(folder, "python", "clipbound", module)
        if not os.path.exists(source):
            sys.exit(f"{folder} has built the module for another Python than this one "
                     f"({sys.executable}): {module} is not there")
        target = self.get_ext_fullpath(extension.name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target)

    @staticmethod
    def configure(folder, arguments):
        # A virtual environment has no headers of its own: those of the interpreter it was made from.
        base = getattr(sys, "_base_executable", None) or sys.executable
        subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-DCLIPBOUND_PYTHON=ON",
                        f"-DPython_EXECUTABLE={base}", *arguments,
                        *shlex.split(os.environ.get("CLIPBOUND_CMAKE_ARGS", ""))], check=True)


setup(version=version(), ext_modules=[Extension("clipbound._native", sources=[])],
      cmdclass={"build_ext": CMakeBuild})

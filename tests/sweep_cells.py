"""Cells of sweeps for tests, which other processes can import."""

import math
import os
import signal
import time
from pathlib import Path

import numpy as np


def square(x, folder=None):
    """x², noted in a file of the ``folder``."""
    if folder is not None:
        with open(Path(folder) / "log", "a") as log:
            log.write(f"{x}\n")
    return {"square": x * x}


def fragile(x, folder):
    """x²; the first process that is to compute that of 3 is killed before."""
    mark = Path(folder) / "killed"
    if x == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": x * x}


def fatal(x):
    """x², but no process survives that of 3."""
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": x * x}


def choosy(x):
    """1/x."""
    return {"inverse": 1 / x}


def slow(x, folder):
    """x² after a while, noted."""
    time.sleep(0.03)
    return square(x, folder)


def many(x):
    """Floats of every kind."""
    return {"tiny": 5e-324, "third": x / 3, "none": math.nan, "endless": -math.inf, "array": np.float64(0.1)}

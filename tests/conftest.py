"""Every solution that a test asks for is verified against the laws of the flow; no text comes from disk."""

from inspect import unwrap

import pytest

from numerics import solve
from theory.kept import VARIABLE


@pytest.fixture(autouse=True, scope="session")
def _laws_are_checked():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "off")
        patch.setitem(unwrap(solve).__kwdefaults__, "check", True)
        yield

"""Every solution that a test asks for is verified against the laws of the flow."""

from inspect import unwrap

import pytest

from numerics import solve


@pytest.fixture(autouse=True, scope="session")
def _laws_are_checked():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(unwrap(solve).__kwdefaults__, "check", True)
        yield

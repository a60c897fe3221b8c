"""``--constraint`` of derive, solve and descend."""

import json

import pytest
from click.testing import CliRunner

from derivations.commands.derive import derive
from theory.symbolic import constrained, quadratic_network


@pytest.mark.parametrize("constraint", ["sphere", "qsphere", "decay:1/3"])
def test_derive_prints_the_multipliers(constraint):
    result = CliRunner().invoke(derive, ["--width", "2", "--constraint", constraint, "--json"])
    answer = json.loads(result.stdout)
    multipliers = constrained(quadratic_network(2, 1), constraint).multipliers
    assert answer["constraint"] == constraint
    assert [answer["equations"][f"mu{j}"] for j in (1, 2)] == [str(value) for value in multipliers]


def test_derive_refuses_sgd_with_a_constraint():
    result = CliRunner().invoke(derive, ["--constraint", "sphere", "--sgd"])
    assert result.exit_code == 2
    assert "--constraint" in result.output

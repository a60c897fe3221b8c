"""The audit: verdicts are computed, agree with the record, and change when a constant is wrong by 1 %."""

import json
import math
import re
from pathlib import Path

import pytest
import sympy
from commandline import invoke
from mpmath import mp

from derivations.court import Claim, Counterexample, Effort, Finding, Verdict, claim
from derivations.court.attack import inequality
from derivations.court.enclosure import NoEnclosureError, enclose
from derivations.escape.claims.residues import _zeros_less_sum
from derivations.register import UnknownClaimError, claims, equations, select

CLAIMS = claims()
ROOT = Path(__file__).resolve().parents[2]
NUDGE = sympy.Rational(101, 100), sympy.Rational(99, 100)


def parts(item):
    """A claim and its correction."""
    return [item, *([item.correction] if item.correction else [])]


@pytest.mark.parametrize("name", CLAIMS)
def test_the_verdict_found_is_the_one_on_record(name):
    found = CLAIMS[name].settle(Effort.QUICK)
    assert found.agrees, (found.finding, found.correction and found.correction.finding)
    assert not re.search(r"\{\w+[(\[:.]\w", found.evidence), "a hole is printed as it is typed"


@pytest.mark.slow
@pytest.mark.parametrize("name", CLAIMS)
def test_the_full_attack_finds_the_same(name):
    found = CLAIMS[name].settle(Effort.FULL)
    assert found.agrees, (found.finding, found.correction and found.correction.finding)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_constant_that_is_wrong_by_one_percent_is_noticed(name):
    """Of a statement that stands every constant matters; one that is false has its correction tested."""
    for part in parts(CLAIMS[name]):
        for constant in part.constants if part.verdict.stands else ():
            assert not all(part.changed(constant, factor).settle().agrees for factor in NUDGE), constant


@pytest.mark.parametrize("name", CLAIMS)
def test_counterexamples_replay_in_one_line(name):
    found = CLAIMS[name].settle(Effort.QUICK)
    assert found.finding.counterexample or found.finding.verdict is not Verdict.FALSE
    if found.finding.counterexample:
        found.finding.counterexample.check()


@pytest.mark.parametrize("name", CLAIMS)
def test_statements_are_text_with_closed_formulas(name):
    for part in parts(CLAIMS[name]):
        assert part.text.count("$") % 2 == 0
        assert "<" not in re.sub(r"\$[^$]*\$", "", part.text)
        assert part.constants or not part.verdict.stands or part.qualitative


def test_an_inequality_is_proved_by_identities_and_refuted_by_a_ratio():
    x = sympy.Symbol("x")
    replay = Counterexample("x = 2", "assert 2 > 1")
    holds, fails = (x * (x + 1), x**2 + x), (x * (x + 1), x**2)
    assert inequality(1.0, "", [holds], lambda: replay).verdict is Verdict.PROVED
    assert inequality(1.0, "", [holds, fails], lambda: replay).verdict is Verdict.UNDECIDED
    assert inequality(1.01, "", [holds], lambda: replay).verdict is Verdict.FALSE
    assert inequality(1.01, "", [holds]).verdict is Verdict.UNDECIDED
    assert inequality(math.nan, "", [holds], lambda: replay).verdict is Verdict.UNDECIDED
    with pytest.raises(ValueError, match="identity"):
        inequality(1.0, "", [], lambda: replay)


def test_an_enclosure_contains_the_closed_form_and_refuses_long_steps():
    u, s, second, loss = enclose(["1"], ["1"], ["1/2"], "1/5", 16)
    exact = math.exp(2.4) / math.sqrt(4 + math.exp(4.8) - 1)  # the logistic solution of one mode
    assert u.a <= exact <= u.b
    assert s.a <= exact**2 <= s.b
    assert second.a <= exact <= second.b  # λ = 1
    assert loss.a <= 3 * (exact**2 - 1) ** 2 <= loss.b
    assert u.delta < 1e-6
    with pytest.raises(NoEnclosureError, match="more steps"):
        enclose(["1"], ["1"], ["1/2"], "1", 2)


def test_an_enclosure_contains_an_independent_integration_of_two_modes():
    """Taylor series in forty digits by mpmath, from the start of Lem11/strict."""
    found = enclose(["4/5", "1/5"], ["1", "1"], ["1/2", "2"], "1/2", 40)
    rates = mp.mpf(4) / 5, mp.mpf(1) / 5

    def velocity(_, w):
        s, u = (sum(rate * x * y for rate, x, y in zip(rates, w, v, strict=True)) for v in (w, (1, 1)))
        return [4 * rate * ((1 - 3 * s) * x + 2 * u) for rate, x in zip(rates, w, strict=True)]

    with mp.workdps(40):
        w = mp.odefun(velocity, 0, [mp.mpf(1) / 2, mp.mpf(2)])(mp.mpf(1) / 2)
        u, s = (sum(rate * x * y for rate, x, y in zip(rates, w, v, strict=True)) for v in ((1, 1), w))
        second = sum(rate**2 * x for rate, x in zip(rates, w, strict=True))
        for interval, exact in zip(found, (u, s, second, 3 * s**2 + 3 - 4 * u**2 - 2 * s), strict=True):
            assert float(interval.a) < exact < float(interval.b)
    assert found.u.a > 1


@pytest.mark.parametrize(
    "name", ["R3", "Lem11/strict", "Lem11/overlap", "C.10/i", "Lem12", "P12/C.4", "P12/outline"]
)
def test_a_trajectory_that_refutes_is_enclosed(name):
    assert CLAIMS[name].settle().finding.counterexample.by is Verdict.ENCLOSED


def test_what_the_paper_does_not_assert_is_not_called_false():
    """Suppositions, readings that add a quantifier, and steps right under what they state."""
    spared = (
        "Lem2 R1/trace R3/isotropic R4 E2/robust E2/fluctuations Cor2/hypothesis Lem6/norm P9/step3 T1/start "
        "T2/plateau T2/slope"
    )
    assert all(CLAIMS[name].verdict.stands for name in spared.split())


def test_zeros_of_repeated_and_untaught_modes():
    """λ = (1/2, 1/2), w* = (1, 1), b = 4: D = 1 - 4/(p - 2) has the zero 6 alone, not two of sum 8."""
    p = sympy.Symbol("p")
    assert sympy.solve(1 - 8 * 2 * sympy.Rational(1, 4) / (p - 2), p) == [6]
    assert _zeros_less_sum({"a": sympy.Integer(1), "c": sympy.Integer(8)}) == [0, 0, 0]


def test_a_factor_of_one_is_not_written():
    made = claim("X", "", r"$<a=1> \lambda = <b=2> + <a>$", Verdict.PROVED)(None)
    assert made.text == r"$\lambda = 2 + 1$"
    assert made.changed("a", NUDGE[0]).text == r"$1.01 \lambda = 2 + 1.01$"
    assert made.changed("a", sympy.Rational(2, 3)).text == r"$\frac{2}{3} \lambda = 2 + \frac{2}{3}$"


def test_a_replay_that_refutes_nothing_fails():
    with pytest.raises(AssertionError):
        Counterexample("2 is odd", "assert 2 % 2 == 1").check()
    with pytest.raises(ValueError, match="proved, enclosed or measured"):
        Counterexample("2 is odd", "assert True", Verdict.GAP)
    with pytest.raises(ValueError, match="one line"):
        Counterexample("no test", "print(1)")


def test_records_are_checked_when_they_are_made():
    def examine(constants, effort):
        return Finding(Verdict.PROVED, "")

    with pytest.raises(ValueError, match="needs a correction"):
        claim("X", "", "it is so", Verdict.FALSE)(examine)
    with pytest.raises(ValueError, match="the text names"):
        claim("X", "", "$<a> = <b=1>$", Verdict.PROVED)(examine)
    with pytest.raises(ValueError, match="typed twice"):
        claim("X", "", "$<a=2> = <a=3>$", Verdict.PROVED)(examine)
    with pytest.raises(ValueError, match="counterexample"):
        Finding(Verdict.FALSE, "because")


# Command


def test_json_keeps_the_contract():
    result = invoke("audit", "P1", "--quick", "--json")
    assert result.exit_code == 0, result.output
    entries = json.loads(result.stdout)
    assert [entry["id"] for entry in entries] == [name for name in CLAIMS if name.split("/")[0] == "P1"]
    for entry in entries:
        assert {"id", "claim", "verdict", "evidence", "corrected"} <= set(entry)
        assert entry["verdict"] in list(Verdict)
    assert entries[0]["claim"] == "$L(w) = 3 s^2 + 3 s_*^2 - 4 u^2 - 2 s s_*$"
    assert entries[0]["verdict"] == "proved"
    assert entries[0]["corrected"] is None
    assert entries[0]["place"] == "Proposition 1"


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_tells_where_it_is_examined(name):
    """The file and line, from the root of the project, are those of a decorator, which has its id."""
    source = CLAIMS[name].source
    shared = [other for other, item in CLAIMS.items() if item.source == source]
    lines = (ROOT / source.path).read_text(encoding="utf-8").splitlines()[source.line - 1 :][:12]
    assert lines[0].startswith("@claim(")
    assert any(f'"{other}"' in line for line in lines for other in shared)


def test_the_command_prints_file_and_line():
    source = CLAIMS["P9/step3-ratio"].source.place
    assert f"Examined in {source}" in invoke("audit", "B.24", "--quick").stdout
    entry = json.loads(invoke("audit", "(B.24)", "--quick", "--json").stdout)[0]
    assert (entry["id"], entry["place"], entry["source"]) == ("P9/step3-ratio", "(B.24)", source)


NUMBERED = {"3": 5, "4": 1, "5": 4, "A": 1, "B": 32, "C": 22, "D": 20}
"""How many equations each section of the paper numbers."""


def test_every_numbered_equation_of_the_paper_leads_to_a_claim():
    every = [f"{section}.{k}" for section, last in NUMBERED.items() for k in range(1, last + 1)]
    assert {number for item in CLAIMS.values() for number in equations(item)} == set(every)
    for number in every:
        assert any(number in equations(item) for item in select([number]))


def test_a_number_that_is_an_id_too_means_both():
    """C.10 is an equation, and the claim that is called by it with its steps."""
    assert [item.id for item in select(["C.10"])] == ["C.10", "C.10/i", "C.10/ii"]


def test_the_table_names_claim_verdict_and_counts():
    lines = invoke("audit", "P1/step1", "--quick").stdout.splitlines()
    assert lines[0].split()[:3] == ["id", "paper", "verdict"]
    assert lines[1].startswith("P1/step1")
    assert "proved" in lines[1]
    assert lines[-1] == "1 claims: 1 proved"


def test_an_unknown_claim_is_bad_input():
    result = invoke("audit", "P99")
    assert result.exit_code == 2
    assert result.stderr.endswith("'P99' is no claim and no equation of one; the nearest are P9\n")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lem11", "the nearest are Lem11,"),
        ("B.42", "the nearest are B.4, B.2, B.32"),
        ("P9/step3ratio", "the nearest are P9/step3-ratio,"),
        ("?", "ids are such as P9, Lem11 and T1, numbers B.24"),
    ],
)
def test_what_is_nearest_is_said(name, said):
    with pytest.raises(UnknownClaimError, match=re.escape(said)) as raised:
        select([name])
    assert len(str(raised.value)) < 150


def test_a_contradiction_of_the_record_exits_with_one(monkeypatch):
    wrong = CLAIMS["P1"].changed("a", NUDGE[0])
    monkeypatch.setattr("derivations.register.claims", lambda: {"P1": wrong})
    result = invoke("audit", "P1", "--quick", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["verdict"] == "false as stated"
    assert "P1" in result.stderr


PHASE_ONE = {
    *(f"P{number}" for number in (1, 2, 3, 5, 7, 8, 9, 10, 11)),
    *(f"Lem{number}" for number in range(1, 11)),
    *("R1", "R2", "R3", "R4", "R6", "5.1", "5.3", "A1"),
}


def test_every_id_up_to_the_escape_is_covered():
    assert set(CLAIMS) >= PHASE_ONE


def test_steps_follow_their_claim():
    families = [name.split("/")[0] for name in CLAIMS]
    assert len({*families}) == sum(a != b for a, b in zip(families, [None, *families], strict=False))
    for name, item in CLAIMS.items():
        assert isinstance(item, Claim)
        assert item.id == name

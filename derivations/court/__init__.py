"""A court for claims: knows no paper.

- ``statement``: a formula typed once: what is printed and what is checked
- ``checks``: identity, value, leading term, order, bound: asked of the same formula; ``operators`` and
  ``numbers`` for what they are made of
- ``verdict``: the vocabulary, findings and counterexamples
- ``claim``: a claim: statement, constants, examination, the verdict on record
- ``attack``: how claims are attacked: identities, worst cases
- ``enclosure``: a flow in interval arithmetic
- ``picture``: a printed statement, ours and a measurement on the same axes; ``pictures`` registers them
- ``table``: claims settled, as rows
- ``source``: where a function or class stands in the code
"""

from derivations.court.claim import Adjudication, Claim, Constants, Effort, claim, correction
from derivations.court.table import audit
from derivations.court.verdict import Counterexample, Finding, Verdict

__all__ = [
    "Adjudication",
    "Claim",
    "Constants",
    "Counterexample",
    "Effort",
    "Finding",
    "Verdict",
    "audit",
    "claim",
    "correction",
]

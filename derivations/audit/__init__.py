"""The audit: every claim of the paper as code, examined, with a verdict that is computed.

``verdict``   the vocabulary, findings and counterexamples
``claim``     a claim: statement, constants, examination, the verdict on record
``attack``    how claims are attacked: identities, worst cases
``enclosure`` the flow in interval arithmetic
``picture``   the paper's statement, ours and a measurement on the same axes
``pictures``  one for each claim that is false or not sharp
``register``  all claims, and their adjudication

The other modules hold the claims, one a topic.
"""

from derivations.audit.claim import Adjudication, Claim, Constants, Effort, claim, correction
from derivations.audit.register import UnknownClaimError, audit, claims, select
from derivations.audit.verdict import Counterexample, Finding, Verdict

__all__ = [
    "Adjudication",
    "Claim",
    "Constants",
    "Counterexample",
    "Effort",
    "Finding",
    "UnknownClaimError",
    "Verdict",
    "audit",
    "claim",
    "claims",
    "correction",
    "select",
]

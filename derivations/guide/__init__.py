"""A how-to for each use, and when not to trust a result.

.. include:: derivation.md

.. include:: exponent.md

.. include:: spectrum.md

.. include:: model.md

.. include:: closure.md

.. include:: step.md

.. include:: claim.md

.. include:: paper.md

.. include:: constant.md

.. include:: contributing.md

.. include:: limits.md
"""

PAGES = (
    "derivation",
    "exponent",
    "spectrum",
    "model",
    "closure",
    "step",
    "claim",
    "paper",
    "constant",
    "contributing",
    "limits",
)

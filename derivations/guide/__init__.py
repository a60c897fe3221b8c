"""A how-to for each use, and when not to trust a result.

.. include:: derivation.md

.. include:: exponent.md

.. include:: spectrum.md

.. include:: model.md

.. include:: closure.md

.. include:: step.md

.. include:: claim.md

.. include:: limits.md
"""

PAGES = ("derivation", "exponent", "spectrum", "model", "closure", "step", "claim", "limits")

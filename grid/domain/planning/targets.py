"""What a plan asks of the present interval; control follows it, corrected by what is measured."""

from dataclasses import dataclass, field

import numpy as np

from grid.domain.control.dispatch import Power


@dataclass(frozen=True, slots=True)
class PlanTargets:
    """Mean powers of the interval that runs [W], all >= 0.

    Attributes:
        charge_w, discharge_w: by storage, in the order of the readings.
        import_w, export_w: expected at the point of common coupling.
        import_ceiling_w: the import that costs no more for its peak than the month has reached or will; None without one.
        measured_w, answer_w: what the storages together should take [W], negative to give, by what comes in without them; ascending,
            empty where only the means are planned. It goes before the means: the plan has thought of what it did not expect.
    """

    charge_w: Power
    discharge_w: Power
    import_w: float
    export_w: float
    import_ceiling_w: float | None = None
    measured_w: Power = field(default_factory=lambda: np.zeros(0))
    answer_w: Power = field(default_factory=lambda: np.zeros(0))

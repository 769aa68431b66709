"""Validation and estimation in one: what was found, and what stands where nothing can be believed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.gap_estimates import Estimates, GapInput, estimate_gaps
from energy.domain.quality import Check
from energy.domain.validation import Findings, Limits, Readings, check, learn_limits

# What is known to be wrong; the rest is in doubt, and a person or a deadline decides.
WRONG = Check.HIGH | Check.STUCK | Check.IMPLAUSIBLE
DAYS_IN_DOUBT = Check.UNUSUAL | Check.STUCK


@dataclass(frozen=True, slots=True)
class Validated:
    """The outcome for many meters: limits that were learned, findings, and estimates for what is missing or rejected."""

    limits: Limits
    findings: Findings
    estimates: Estimates


def validate_and_estimate(readings: Readings, sky_w_m2: NDArray[np.float64] | None) -> Validated:
    """Learn limits from the readings, check them, and estimate what is missing or outside the range.

    `sky_w_m2` is the clear-sky irradiance, float64 [m, T] or [1, T]; None where nothing is known of the sun.
    """
    limits = learn_limits(readings, looks_ahead=True)
    findings = check(readings, limits)
    estimates = estimate_gaps(_gaps(readings, limits, findings, sky_w_m2))
    return Validated(limits, findings, estimates)


def _gaps(readings: Readings, limits: Limits, findings: Findings, sky_w_m2: NDArray[np.float64] | None) -> GapInput:
    values, axis = readings.values_wh, readings.axis
    missing = np.isnan(values) | ((findings.intervals & Check.HIGH) != 0)
    measured = ~missing & ((findings.intervals & WRONG) == 0)
    in_doubt = ((findings.days & DAYS_IN_DOUBT) != 0)[:, axis.day_of]
    trusted = measured & (findings.intervals == 0) & ~in_doubt
    known = trusted.sum(axis=1)
    total = np.where(trusted, values, 0).sum(axis=1, dtype=np.float64)
    sizes = np.divide(total, known, out=np.zeros(len(total)), where=known > 0)
    limited = (readings.connection_wh > 0) & ~limits.doubted
    return GapInput(
        axis,
        values,
        missing,
        measured,
        trusted,
        limits.classes,
        sizes,
        readings.is_production,
        sky_w_m2,
        readings.registers,
        np.where(limited, readings.connection_wh, np.inf),
    )

"""How far off the median of its forecast the net power lies, in bands, and how that changes from one interval to the next.

Errors of a village's net power are fat-tailed: what lies above the band is a dozen cars or heat pumps that came on together, three bands and
more. Whoever plans for a normal error meets such a spike with empty storages.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Edges of the states in probability, rare ends of their own, and the mean error in each, in widths from the median to the band's end:
# of hourly forecasts of the demo network's net power from March to June; ranks an interval apart go together by 0.7 to 0.8, an hour apart by 0.3.
EDGES = (0.02, 0.1, 0.35, 0.65, 0.9, 0.97, 0.99, 0.997)
STATES = (-1.65, -1.1, -0.58, 0.0, 0.55, 1.2, 1.75, 2.4, 3.4)
PERSISTENCE = 0.7
FINENESS = 0.02


@dataclass(frozen=True, slots=True)
class Chain:
    """States [k] in bands and the chance of going from one to another in an interval [k, k]."""

    states: Array
    moves: Array


@lru_cache(maxsize=128)
def chain(persistence: float = PERSISTENCE) -> Chain:
    """Ranks that persist as those of a normal error do (autoregressive, first order), with the states' own values."""
    normal = NormalDist()
    edges = np.array([-8.0, *(normal.inv_cdf(p) for p in EDGES), 8.0])
    mass = np.diff([normal.cdf(x) for x in edges])
    means = -np.diff([normal.pdf(x) for x in edges]) / mass
    spread = np.sqrt(1 - persistence**2)
    moves = np.array([np.diff([normal.cdf((edge - persistence * mean) / spread) for edge in edges]) for mean in means])
    return Chain(np.array(STATES), moves / moves.sum(axis=1, keepdims=True))


def moves_by_interval(persistence: Array) -> Array:
    """The chances of going from each interval's state to the next one's [T, k, k], as much as lasts from each [T]."""
    steps = np.rint(np.clip(persistence, 0.0, 1.0 - FINENESS) / FINENESS).astype(np.int64)
    kinds, place = np.unique(steps, return_inverse=True)
    return np.stack([chain(float(step) * FINENESS).moves for step in kinds])[place]

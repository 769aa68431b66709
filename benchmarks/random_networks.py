"""Random low-voltage networks, radial or with loops, for tests and measurements of the power flow."""

import numpy as np

from grid.domain.network.powerflow import Network, TransformerData, Wire


def random_network(seed: int, *, nodes: int, loops: int) -> Network:
    """A radial network behind a transformer with tap, and some further lines that close loops; node 0 is the public grid."""
    random = np.random.default_rng(seed)
    lines = [(int(random.integers(1, node)), node) for node in range(2, nodes)]
    lines += [tuple(random.choice(np.arange(1, nodes), 2, replace=False).tolist()) for _ in range(loops)]
    wires = []
    for i, (a, b) in enumerate(lines):
        r_ohm, x_ohm, b_s = (random.uniform(low, high) for low, high in ((0.005, 0.05), (0.002, 0.02), (0, 1e-4)))
        wires.append(Wire(f"L{i}", a, b, r_ohm, x_ohm, b_s, 250.0))
    tap = int(random.integers(-2, 3))
    transformer = TransformerData("T", 0, 1, 4e5, 2e4, 400.0, 6.0, 4800.0, 1200.0, 0.3001, tap, 0, -2, 2, 2.5)
    held = np.array([random.uniform(0.97, 1.04)] + [np.nan] * (nodes - 1))
    return Network(np.array([2e4] + [400.0] * (nodes - 1)), held, wires, [transformer])

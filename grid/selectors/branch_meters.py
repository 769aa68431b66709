"""Meters on lines and transformers, laid out for what the state of the network is estimated from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.models import Meter
from grid.domain.bypass import nodes_below
from grid.selectors.network import NetworkOfSites

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BranchMeters:
    """By meter.

    Attributes:
        meter_ids, codes: whose they are.
        line, transformer: position in the network, -1 where it sits on the other kind.
        sign: 1.0 where what flows down flows from the line's first to its second node, otherwise -1.0; 1.0 at transformers.
    """

    meter_ids: Places
    codes: Sequence[str]
    line: Places
    transformer: Places
    sign: NDArray[np.float64]


def branch_meters(meters: Sequence[Meter], network: NetworkOfSites) -> BranchMeters:
    """Those on branches that are there; one in a ring, where no end is the upper one, is left out."""
    rows: list[tuple[int, str, int, int, float]] = []
    lines = {pk: i for i, pk in enumerate(network.line_ids)}
    transformers = {pk: i for i, pk in enumerate(network.transformer_ids)}
    for meter in meters:
        if meter.transformer_id in transformers:
            rows.append((meter.pk, meter.code, -1, transformers[meter.transformer_id], 1.0))
        elif meter.line_id in lines:
            wire = network.network.wires[lines[meter.line_id]]
            try:
                lower, _ = nodes_below(network.network, wire.node_from, wire.node_to)
            except ValueError:
                continue
            rows.append((meter.pk, meter.code, lines[meter.line_id], -1, 1.0 if lower == wire.node_to else -1.0))
    ids, codes, line, transformer, sign = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return BranchMeters(
        np.array(ids, dtype=np.int64), list(codes), np.array(line, dtype=np.int64), np.array(transformer, dtype=np.int64), np.array(sign)
    )

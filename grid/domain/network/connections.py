"""What is joined with what: who has a path to the public grid, and which ring a switch would close."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.powerflow import Network

Edge = tuple[int, int, str]


def conducting(network: Network) -> list[Edge]:
    """Branches that are closed at both ends: their nodes and code."""
    lines = [(w.node_from, w.node_to, w.code) for w in network.wires if w.closed_from and w.closed_to]
    transformers = [(t.node_hv, t.node_lv, t.code) for t in network.transformers if t.closed_hv and t.closed_lv]
    return [*lines, *transformers]


def unsupplied(network: Network) -> NDArray[np.bool_]:
    """Nodes without a path to a node that joins the public grid."""
    reached = ~np.isnan(network.held_pu)
    neighbours = _neighbours(network)
    waiting = deque(np.flatnonzero(reached).tolist())
    while waiting:
        for other, _ in neighbours.get(waiting.popleft(), ()):
            if not reached[other]:
                reached[other] = True
                waiting.append(other)
    return np.asarray(~reached)


def _neighbours(network: Network) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for a, b, code in conducting(network):
        found.setdefault(a, []).append((b, code))
        found.setdefault(b, []).append((a, code))
    return found


def path_between(network: Network, first: int, second: int) -> list[str] | None:
    """Codes of the fewest conducting branches from one node to another; None where there is no path, nothing where they are one."""
    neighbours = _neighbours(network)
    came_from: dict[int, tuple[int, str] | None] = {first: None}
    waiting = deque([first])
    while waiting:
        node = waiting.popleft()
        if node == second:
            return _back(came_from, node)
        for other, code in neighbours.get(node, ()):
            if other not in came_from:
                came_from[other] = (node, code)
                waiting.append(other)
    return None


def _back(came_from: dict[int, tuple[int, str] | None], node: int) -> list[str]:
    codes: list[str] = []
    step = came_from[node]
    while step is not None:
        node, code = step
        codes.append(code)
        step = came_from[node]
    return codes[::-1]

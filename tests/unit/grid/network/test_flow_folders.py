"""Folders of other shapes: parallel transformers, rings, joints, odd names, columns and files that are left out."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.adapters.simbench_folder import CannotReadNetwork
from grid.adapters.simbench_flow import FlowFolder, read_flow_folder
from grid.domain.network.flow_series import solve_series
from tests.networks import cut_network

ZONE = ZoneInfo("Europe/Berlin")
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_network(tmp_path_factory.mktemp("flow") / "small", sites=12, first_day=date(2016, 6, 1), days=1)


def changed(source: Path, target: Path, **changes: Callable[[Rows], Rows]) -> Path:
    """A copy of the folder with some files' rows changed; an empty list deletes the file."""
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    for name, change in changes.items():
        path = target / f"{name}.csv"
        with path.open(newline="") as file:
            rows = change(list(csv.DictReader(file)))
        path.unlink()
        if rows:
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
    return target


def voltages(found: FlowFolder) -> np.ndarray:
    """By the batch, and checked against power-grid-model at noon."""
    draw_w, draw_var = found.draw(slice(0, 96))
    flow = solve_series(found.network, draw_w, draw_var)
    one = found.network.solve(draw_w[48], draw_var[48])
    assert flow.voltage_pu[48] == pytest.approx(one.voltage_pu, abs=1e-6)
    return flow.voltage_pu


def without(*columns: str) -> Callable[[Rows], Rows]:
    return lambda rows: [{k: v for k, v in row.items() if k not in columns} for row in rows]


def test_a_second_transformer_and_a_ring(folder: Path, tmp_path: Path) -> None:
    def ring(rows: Rows) -> Rows:
        return [*rows, {**rows[0], "id": "Tie", "nodeA": rows[3]["nodeA"], "nodeB": rows[-1]["nodeB"], "length": "0.3"}]

    both = read_flow_folder(
        changed(folder, tmp_path / "ring", lines=ring, transformers=lambda rows: [*rows, {**rows[0], "id": "T2", "tappos": "1"}]), ZONE
    )
    plain = voltages(read_flow_folder(folder, ZONE))
    assert np.abs(voltages(both) - plain).max() > 1e-4


def test_columns_and_files_that_are_left_out(folder: Path, tmp_path: Path) -> None:
    lean = changed(
        folder,
        tmp_path / "lean",
        loads=without("qLoad", "sR", "subnet", "voltLvl"),
        line_types=without("type"),
        transformers=without("tappos", "autoTap", "autoTapSide", "loadingMax"),
        coordinates=lambda rows: [],
        storages=lambda rows: [],
        sources=lambda rows: [],
        transformer_types=without("dVm", "tapNeutr", "tapMin", "tapMax", "iNoLoad", "va0"),
        nodes=without("vaSetp", "vmMin", "vmMax", "coordID", "subnet"),
    )
    (lean / "source_profiles.csv.gz").unlink()
    found = read_flow_folder(lean, ZONE)
    assert (found.draw(slice(0, 96))[1] == 0).all()
    assert (voltages(found) > 0.9).all()


def test_a_joint_is_a_point_of_its_own_and_not_told(folder: Path, tmp_path: Path) -> None:
    def jointed(rows: Rows) -> Rows:
        return [*rows, {**rows[1], "id": "Joint 7", "type": "node", "vmSetp": "NULL"}]

    def through(rows: Rows) -> Rows:
        first, half = rows[0], str(float(rows[0]["length"]) / 2)
        return [
            {**first, "id": "half a", "nodeB": "Joint 7", "length": half},
            {**first, "id": "half b", "nodeA": "Joint 7", "length": half},
            *rows[1:],
        ]

    found = read_flow_folder(changed(folder, tmp_path / "joint", nodes=jointed, lines=through), ZONE)
    plain = read_flow_folder(folder, ZONE)
    assert [code for code, told in zip(found.node_codes, found.is_busbar, strict=True) if not told] == ["Joint 7"]
    told = voltages(found)[:, found.is_busbar]
    assert told == pytest.approx(voltages(plain), abs=1e-6)


def test_busbars_whose_names_end_in_numbers(folder: Path, tmp_path: Path) -> None:
    def renamed(*columns: str) -> Callable[[Rows], Rows]:
        """`LV3.101 Bus 7_2` becomes `LV_7_2`: the busbar is `LV_7`, its terminal `LV_7_2`."""
        return lambda rows: [
            {**row, **{c: row[c].replace("LV3.101 Bus ", "LV_").replace("MV1.101 Bus ", "MV_") for c in columns}} for row in rows
        ]

    odd = changed(
        folder,
        tmp_path / "odd",
        nodes=renamed("id"),
        lines=renamed("nodeA", "nodeB"),
        transformers=renamed("nodeHV", "nodeLV"),
        loads=renamed("node"),
        sources=renamed("node"),
        storages=renamed("node"),
    )
    assert voltages(read_flow_folder(odd, ZONE)) == pytest.approx(voltages(read_flow_folder(folder, ZONE)), abs=1e-12)


def test_a_terminal_of_no_busbar_is_refused(folder: Path, tmp_path: Path) -> None:
    def lost(rows: Rows) -> Rows:
        return [*rows, {**rows[1], "id": "Bus 999_1", "type": "auxiliary"}]

    with pytest.raises(CannotReadNetwork, match="'Bus 999_1' is no busbar"):
        read_flow_folder(changed(folder, tmp_path / "lost", nodes=lost), ZONE)


@pytest.mark.parametrize(
    ("file", "column", "odd", "said"),
    [
        ("transformer_types", "sR", "0", "the rating \\[VA\\] of transformer .* is 0"),
        ("transformer_types", "vmLV", "-0.4", "the lower voltage"),
        ("transformer_types", "pCu", "99", "the copper loss .* is 99000"),
        ("transformer_types", "vmHV", "1e308", "column vmHV: '1e308'"),
        ("transformers", "tappos", "9", "the tap of transformer .* is 9; it lies between -2 and 2"),
        ("nodes", "vmR", "0", "the nominal voltage"),
        ("line_types", "r", "-0.2", "the resistance .* is -0.2"),
    ],
)
def test_a_figure_that_no_network_has_is_refused_by_row(file: str, column: str, odd: str, said: str, folder: Path, tmp_path: Path) -> None:
    def wrong(rows: Rows) -> Rows:
        return [{**row, column: odd} for row in rows]

    with pytest.raises(CannotReadNetwork, match=said):
        read_flow_folder(changed(folder, tmp_path / "wrong", **{file: wrong}), ZONE)

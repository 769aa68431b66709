"""Takes ABI and bytecode out of forge's output: `write` to contracts/artifacts, or `check` that they are what is there."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ARTIFACTS = HERE.parent / "artifacts"
CONTRACTS = ("EnergyProduction", "EnergyConsumption", "GridBalancing", "Billing", "TestCoin")


def artifact(name: str) -> str:
    """The committed form of one contract: sorted, so that the same sources give the same bytes."""
    built = json.loads((HERE / "out" / f"{name}.sol" / f"{name}.json").read_text())
    content = {
        "contractName": name,
        "compiler": "solc 0.8.30, optimizer 1000 runs, cancun",
        "abi": built["abi"],
        "bytecode": built["bytecode"]["object"],
        "deployedBytecode": built["deployedBytecode"]["object"],
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def main(mode: str) -> int:
    ARTIFACTS.mkdir(exist_ok=True)
    stale = []
    for name in CONTRACTS:
        path, text = ARTIFACTS / f"{name}.json", artifact(name)
        if mode == "write":
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        print(f"Not what the sources give: {', '.join(stale)}; run script/build_contracts.", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "write"))

"""A network from a path: a folder in SimBench's format, a pandapower JSON or a GeoJSON file, told apart by what they hold."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from energy.adapters.geojson_topology import read_geojson_topology
from energy.adapters.pandapower_json import read_pandapower_topology
from energy.adapters.simbench_folder import CannotReadNetwork
from energy.adapters.simbench_topology import read_simbench_topology
from energy.domain.topology import Topology

LARGEST_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """What was read, from where, and the digest of its bytes."""

    topology: Topology
    format: str
    source: str
    digest: str


def read_network_file(path: Path) -> NetworkFile:
    """Read a network.

    Raises:
        CannotReadNetwork: the message names file and feature or row, and what to do.
    """
    if path.is_dir():
        digest = hashlib.sha256()
        for file in sorted(path.glob("*.csv")):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
        return NetworkFile(read_simbench_topology(path), "SimBench", path.name, digest.hexdigest())
    if not path.is_file():
        raise CannotReadNetwork(f"{path} is not there; give a folder or a .json or .geojson file")
    if path.stat().st_size > LARGEST_BYTES:
        raise CannotReadNetwork(f"{path.name} is larger than 512 MiB; leave out what is not topology")
    raw = path.read_bytes()
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise CannotReadNetwork(f"{path.name} is no JSON: {problem}; save it again as pandapower JSON or GeoJSON") from None
    digest_text = hashlib.sha256(raw).hexdigest()
    if isinstance(content, dict) and content.get("type") == "FeatureCollection":
        return NetworkFile(read_geojson_topology(path, content), "GeoJSON", path.name, digest_text)
    if isinstance(content, dict) and content.get("_class") == "pandapowerNet":
        return NetworkFile(read_pandapower_topology(path, content), "pandapower", path.name, digest_text)
    raise CannotReadNetwork(
        f"{path.name} is neither a pandapower network (_class pandapowerNet) nor a GeoJSON FeatureCollection; export it as one of them"
    )

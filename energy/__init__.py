"""Facts: microgrids, sites, sources, consumers, meters, devices, readings, validation."""

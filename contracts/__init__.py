"""Witness: publishes what happened to a chain and IPFS, reads payments back, proves it."""

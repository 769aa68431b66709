"""The wires: power flow, state, sensitivities, what still fits, and how a network is drawn."""

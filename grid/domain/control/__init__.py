"""What is done every few seconds: state, limits, commands, emergencies, and a simulated microgrid to try it all on."""

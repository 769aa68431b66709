"""Card payments as a provider tells them, without cards."""

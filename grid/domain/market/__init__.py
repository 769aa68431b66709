"""Trading local energy: orders, the double auction, and what was delivered against what was sold."""

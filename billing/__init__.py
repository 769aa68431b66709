"""Money: tariffs, bills, ledger, payments, revenue."""

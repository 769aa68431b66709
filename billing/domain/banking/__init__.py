"""What banks say and are asked: statements, references, reasons, days; rules without files and tables."""

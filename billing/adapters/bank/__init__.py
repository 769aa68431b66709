"""Files of banks: read with care, written by their schemas."""

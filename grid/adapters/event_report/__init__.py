"""The report on an event as a document."""

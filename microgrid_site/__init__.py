"""The composition root: settings, addresses, processes, and pages that span rooms."""

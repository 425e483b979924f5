"""Top floor: one module per command; `evdesk.cli` loads the one that was chosen."""

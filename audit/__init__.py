"""What happened, to whom, by whom: the append-only audit trail and the log of anonymous failures."""

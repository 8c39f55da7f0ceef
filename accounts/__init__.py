"""Partners, accounts and people; ``accounts.lifecycle`` is the only code that changes a person."""

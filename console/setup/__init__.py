"""The public page behind a setup link: what to copy into the provider's console, and what comes from there (V-22)."""

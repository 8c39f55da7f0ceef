"""Building blocks without domain: encryption, secret tokens, bounded HTTP, public URLs, track IDs, outbox."""

"""The page on which a mapping role is added and changed."""

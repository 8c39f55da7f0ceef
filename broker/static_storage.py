"""Static files by hashed names once ``collectstatic`` has run, by plain names before: no step is needed to start."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedWhenCollectedStorage(CompressedManifestStaticFilesStorage):
    """Whitenoise's storage (hashes, gzip), which doesn't fail while there is no manifest."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        """Return the hashed name of ``name``, or ``name`` itself when nothing was collected yet."""
        if not self.hashed_files:
            return name
        return str(super().stored_name(name))

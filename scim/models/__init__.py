"""The tables of ``scim``, one file a subject."""

from scim.models.request_log import RequestLogEntry
from scim.models.resource import GroupResource, UserResource, UserValue

__all__ = ["GroupResource", "RequestLogEntry", "UserResource", "UserValue"]

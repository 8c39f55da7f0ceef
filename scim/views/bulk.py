"""/Bulk (RFC 7644 §3.7)."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from scim import limits
from scim.authentication import throttle
from scim.bulk import read_bulk
from scim.bulk_run import run
from scim.call import Call
from scim.views.frame import ScimView, answer


class BulkView(ScimView):
    """Many operations in one request."""

    own_transactions: ClassVar[bool] = True

    def post(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Do them one by one; the answer is 200 also when some failed."""
        bulk = read_bulk(self.read_body(request), limits.bulk_operations())
        if len(bulk.operations) > 1:
            throttle(call, len(bulk.operations) - 1)  # V-21; the request itself was the first
        return answer(run(call, bulk))

"""The web application that gunicorn serves: ``gunicorn broker.wsgi``.

A web server doesn't run Django's system checks by itself, so ours run here: a deployment with an unsafe setting ends
at start with the reason, before it answers anything.
"""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broker.settings")

application = get_wsgi_application()

from broker import checks  # noqa: E402  (needs the apps that the line above loads)
from broker.utf8_request import Utf8Request  # noqa: E402

application.request_class = Utf8Request

checks.refuse_unsafe_start()

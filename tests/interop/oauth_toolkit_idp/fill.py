"""Make the tables, the people and the clients of a JSON file: ``python fill.py FILE``."""

import json
import sys

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402  (after Django)
from django.core.management import call_command  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    found = json.load(file)
call_command("migrate", verbosity=0)
for address in found["people"]:
    get_user_model().objects.create_user(address, address, found["password"])
for client in found["clients"]:
    get_application_model().objects.create(**client)

"""Store people 1 to N - 1 and the group's members, as the same POSTs would have: ``seed.py PEOPLE MEMBERS GROUP``."""

import sys

import django

django.setup()

from directory.models import Group, User  # noqa: E402
from django.db import connection  # noqa: E402

people, members, group_id = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def user(number):
    """Return what django-scim2's adapter makes of the body that person ``number`` is sent as."""
    mark = f"{number:08d}"
    name = f"person-{mark}@bench.example"
    return User(
        scim_external_id=f"external-{mark}",
        username=name,
        scim_username=name,
        first_name=f"Given{mark}",
        last_name=f"Family{mark}",
        email=name,
        is_active=True,
    )


for start in range(1, people, 2000):
    User.objects.bulk_create(user(number) for number in range(start, min(start + 2000, people)))
with connection.cursor() as cursor:
    cursor.execute("update directory_user set scim_id = id where scim_id is null")
group = Group.objects.get(scim_id=group_id)
ids = list(User.objects.order_by("username").values_list("id", flat=True)[:members])
link = User.scim_groups.through
for start in range(0, len(ids), 2000):
    link.objects.bulk_create(link(user_id=each, group_id=group.id) for each in ids[start : start + 2000])

"""Django's own user with django-scim2's mixin, and a group with members."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    """A group."""

    name = models.CharField(max_length=254, unique=True)


class User(AbstractSCIMUserMixin, AbstractUser):
    """A user; a group's members are its ``user_set``."""

    scim_groups = models.ManyToManyField(Group, related_name="user_set", blank=True)
    # Django's own groups give way to those above, whose reverse name django-scim2 expects.
    groups = None

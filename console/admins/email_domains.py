"""E-mail domains of an account: named here, proven by a DNS record, or vouched for by an operator (V-6, X-1).

Whoever may change single sign-on names a domain, publishes the record that its page shows, and presses "Check now". An
operator may vouch for it instead, here or by adding it on the account's page.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import display
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import domain_proof, lifecycle
from accounts.models import EmailDomain
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, to_copy
from console.admins.confirmed import ask_and_act
from console.admins.filters import ScopedRelatedFilter
from console.admins.refusals import RefusableForm
from console.scoping import require_viewer
from foundation.folding import fold_domain


class NewDomainForm(RefusableForm):
    """A domain, typed in any case."""

    domain = forms.CharField(
        label=gettext_lazy("domain"),
        max_length=253,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The part of your addresses behind the @, such as example.com."),
    )

    def clean_domain(self) -> str:
        """Return it as it is stored."""
        return fold_domain(str(self.cleaned_data["domain"]).strip())


def _prove(actor: Actor, domain: EmailDomain) -> bool:
    return lifecycle.prove_domain(domain=domain, actor=actor)


def _vouch(actor: Actor, domain: EmailDomain) -> bool:
    method = EmailDomain.Method.OPERATOR
    lifecycle.verify_domain(account=domain.account, actor=actor, domain=domain.domain, method=method)
    return True


def _withdraw(actor: Actor, domain: EmailDomain) -> bool:
    return lifecycle.withdraw_domain(domain=domain, actor=actor)


class EmailDomainAdmin(AccountScopedAdmin):
    """The domains by which people are led to the account's identity provider; none counts before it is verified."""

    add_needs = Authority.SSO_ACCOUNT_ADMIN
    form = NewDomainForm
    created_leads_to_change = True
    when_empty = gettext_lazy(
        "People are led to your identity provider by the domain of their address. Name yours and prove it with a DNS "
        "record."
    )
    list_display = ("domain", "state", "verified_by", "checked_at", "account")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account",)
    search_fields = ("domain",)
    fieldsets = (
        (None, {"fields": ("account", "domain", "state", "verified_by", "verified_at", "checked_at")}),
        (gettext_lazy("TXT record to publish"), {"fields": ("record_name", "record_value")}),
    )
    add_fieldsets = ((None, {"fields": ("account", "domain")}),)
    actions_detail = ("prove", "vouch", "withdraw")

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Write it down; it has no effect yet."""
        account = self.account_from(request, form)
        return lifecycle.claim_domain(account=account, actor=actor, domain=form.cleaned_data["domain"])

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """An operator's word needs no record."""
        fieldsets = super().get_fieldsets(request, obj)
        by_word = obj is not None and obj.verified_by == EmailDomain.Method.OPERATOR
        return fieldsets[:1] if by_word else fieldsets

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """What is verified needs neither."""
        viewer = require_viewer(request)
        if obj.verified_at is not None or not viewer.may(Authority.SSO_ACCOUNT_ADMIN):
            return frozenset()
        return frozenset({"prove", "withdraw"} | ({"vouch"} if viewer.may(Authority.OPERATOR) else set()))

    prove = ask_and_act(
        "prove",
        label=gettext_lazy("Check now"),
        icon="dns",
        question=gettext_lazy("Look for the record of %(name)s in the DNS now?"),
        change=_prove,
        done=gettext_lazy("The domain is verified."),
    )
    vouch = ask_and_act(
        "vouch",
        label=gettext_lazy("Vouch for it"),
        icon="verified",
        question=gettext_lazy("Say without a look at the DNS that %(name)s belongs to this account?"),
        change=_vouch,
        done=gettext_lazy("The domain is verified."),
    )
    withdraw = ask_and_act(
        "withdraw",
        label=gettext_lazy("Withdraw"),
        icon="delete",
        question=gettext_lazy(
            "Take %(name)s off the list? It was never verified, so nothing changes for anybody."
        ),
        change=_withdraw,
        done=gettext_lazy("Withdrawn."),
        back_to_list=True,
    )

    @display(description=gettext_lazy("state"))
    def state(self, domain: EmailDomain) -> SafeString:
        """Whether it counts."""
        return (
            badge(_("not verified"), "warning")
            if domain.verified_at is None
            else badge(_("verified"), "success")
        )

    @display(description=gettext_lazy("name"))
    def record_name(self, domain: EmailDomain) -> SafeString:
        """Where the record stands."""
        return to_copy(domain_proof.record_name(domain.domain))

    @display(description=gettext_lazy("value"))
    def record_value(self, domain: EmailDomain) -> SafeString:
        """What it says."""
        return to_copy(domain_proof.record_value(domain.account_id, domain.domain))

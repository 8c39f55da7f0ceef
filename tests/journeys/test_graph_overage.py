"""A person in too many groups for a token keeps and gets exactly the groups that Microsoft Graph names (G-5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connection

from accounts import lifecycle
from accounts.models import GroupMembership
from audit.models import AuditEvent
from audit.refusals import Refused
from sso import providers
from sso.graph.access import GraphValues, access_of, remove_graph_access, save_graph_access
from sso.graph.clouds import CHINA, GLOBAL, US_GOVERNMENT, cloud_of
from sso.models import GraphAccess, IdentityProvider, ProtocolName, SignInAttempt, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_saml.configuration import SamlValues, save_saml_settings
from tests.foundation.local_server import Behaviour, Visit, answer
from tests.journeys.entra_world import (
    ACME_TENANT,
    CLIENT_ID,
    CLIENT_SECRET,
    EVIL_TENANT,
    GLOBEX_TENANT,
    GRAPH,
    MIA_OID,
    SLUG,
    Answer,
    EntraCloud,
    add_own_provider,
    add_shared_provider,
    allow,
    answer_with,
    carry,
)
from tests.journeys.person_browser import PersonBrowser
from tests.journeys.seen import refused_for
from tests.worlds import OPERATOR, World, found_account

START = "/sso/oidc/acme-entra/login"
ENGINEERS = "5d0e1f2a-0000-4000-8000-000000000001"
ON_CALL = "5d0e1f2a-0000-4000-8000-000000000002"
MEMBERS = GRAPH.format(oid=MIA_OID)
LINK = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/x/users/y/getMemberObjects"}},
}
OVERAGE = Answer(back=LINK, front={"hasgroups": True})


def many(count: int, *more: str) -> tuple[str, ...]:
    return (*(str(UUID(int=number)) for number in range(1, count + 1)), *more)


@pytest.fixture
def acme(cloud: EntraCloud) -> World:
    world = found_account("acme")
    for name, identifier in (("Engineers", ENGINEERS), ("On Call", ON_CALL)):
        lifecycle.create_group(account=world.account, actor=OPERATOR, name=name, idp_identifier=identifier)
    return world


@pytest.fixture(params=["code", "hybrid"])
def provider(request: pytest.FixtureRequest, cloud: EntraCloud, acme: World) -> IdentityProvider:
    return add_own_provider(cloud, acme, flow=str(request.param))


@pytest.fixture
def open_graph(provider: IdentityProvider) -> IdentityProvider:
    """The provider's own client may read groups."""
    save_graph_access(provider=provider, actor=OPERATOR, values=GraphValues())
    return provider


def groups() -> set[str]:
    return set(
        GroupMembership.objects.filter(user__email="mia@acme.example").values_list("group__name", flat=True)
    )


def warnings() -> dict[str, str]:
    report = SignInAttempt.objects.exclude(outcome="").order_by("-created_at")[0].report
    return {warning["code"]: warning["detail"] for warning in report["warnings"]}


def again(cloud: EntraCloud, browser: PersonBrowser, said: Answer = OVERAGE) -> None:
    browser.post("/logout/", {})
    answer_with(cloud, browser, START, said)
    assert browser.me()["authenticated"] is True


def start_with_engineers(cloud: EntraCloud, browser: PersonBrowser) -> None:
    """The person is in one mapped group by a token that listed it."""
    answer_with(cloud, browser, START, Answer(back={"groups": [ENGINEERS]}))
    assert groups() == {"Engineers"}


@pytest.mark.usefixtures("open_graph")
def test_groups_come_from_graph_and_add_and_remove(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # G-5, G-2: paged, beyond two thousand
    start_with_engineers(cloud, browser)
    assert cloud.count("getMemberObjects") == 0
    cloud.groups[MIA_OID] = many(2_100, ON_CALL.upper())
    again(cloud, browser)
    assert groups() == {"On Call"}
    assert cloud.count("getMemberObjects") == 5
    assert warnings() == {"groups_from_graph": "2101 groups were read from Microsoft Graph"}


def test_certificate_that_was_uploaded_opens_graph_as_well(
    cloud: EntraCloud, browser: PersonBrowser, open_graph: IdentityProvider
) -> None:
    # G-5, O-3: no secret anywhere, the same key at both endpoints
    by_key = OidcValues(client_secret="", client_authentication="private_key_jwt")
    save_oidc_settings(provider=open_graph, actor=OPERATOR, values=by_key)
    cloud.groups[MIA_OID] = (ON_CALL,)
    answer_with(cloud, browser, START, Answer(back=OVERAGE.back))
    assert browser.me()["authenticated"] is False  # nobody uploaded it yet
    cloud.uploaded = browser.client.get("/sso/oidc/acme-entra/certificate").content.decode()
    answer_with(cloud, browser, START, Answer(back=OVERAGE.back))
    assert groups() == {"On Call"}
    assert warnings()["groups_from_graph"] == "1 groups were read from Microsoft Graph"


@pytest.mark.usefixtures("open_graph")
@pytest.mark.parametrize("said", [LINK, {"hasgroups": True}, {"hasgroups": True, "groups": [ENGINEERS]}])
def test_every_form_of_overage_asks_graph(
    cloud: EntraCloud, browser: PersonBrowser, said: dict[str, Any]
) -> None:
    # G-5
    cloud.groups[MIA_OID] = (ON_CALL,)
    answer_with(cloud, browser, START, Answer(back=said))
    assert groups() == {"On Call"}


@pytest.mark.usefixtures("provider")
def test_without_access_nobody_loses_a_group_and_nothing_is_asked(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # G-5
    start_with_engineers(cloud, browser)
    cloud.groups[MIA_OID] = (ON_CALL,)
    again(cloud, browser)
    assert groups() == {"Engineers"}
    assert "groups_overage" in warnings()
    assert cloud.count("getMemberObjects") == 0


@pytest.mark.usefixtures("open_graph")
def test_url_in_the_token_is_never_called(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # G-5
    trap = {
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": cloud.server.url("/trap"), "access_token": "x"}},
    }
    cloud.groups[MIA_OID] = (ENGINEERS,)
    answer_with(cloud, browser, START, Answer(back=trap))
    assert groups() == {"Engineers"}
    assert cloud.count("/trap") == 0


@pytest.mark.usefixtures("open_graph")
def test_what_is_asked_is_what_the_security_groups_claim_would_hold(
    cloud: EntraCloud, browser: PersonBrowser, open_graph: IdentityProvider
) -> None:
    # G-5: Entra's groups claim is set to security groups, unless the admin says otherwise
    answer_with(cloud, browser, START, OVERAGE)
    save_graph_access(provider=open_graph, actor=OPERATOR, values=GraphValues(all_groups=True))
    again(cloud, browser)
    assert [seen.body for seen in cloud.server.requests if seen.path == MEMBERS] == [
        '{"securityEnabledOnly": true}',
        '{"securityEnabledOnly": false}',
    ]


@pytest.mark.usefixtures("open_graph")
def test_app_token_is_kept_for_the_next_person_and_lies_encrypted(
    cloud: EntraCloud, browser: PersonBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # design rule 8
    kept: list[object] = []
    before = cache.set
    monkeypatch.setattr(
        cache,
        "set",
        lambda key, value, *rest, **named: (kept.append(value), before(key, value, *rest, **named)),
    )
    answer_with(cloud, browser, START, OVERAGE)
    again(cloud, browser)
    assert cloud.app_tokens == 1
    assert len(kept) >= 3
    assert "app-token" not in str(kept)


@pytest.mark.usefixtures("open_graph")
def test_token_that_was_revoked_before_its_time_is_asked_for_anew(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # G-5
    cloud.groups[MIA_OID] = many(600, ENGINEERS)
    answer_with(cloud, browser, START, OVERAGE)
    honest, refused = cloud.server.routes[MEMBERS], []

    def only_the_second(visit: Visit) -> None:
        if not visit.seen.headers["authorization"].endswith("-2"):
            refused.append(1)
            return answer({"error": {"code": "InvalidAuthenticationToken"}}, status=401)(visit)
        return honest(visit)

    cloud.server.routes[MEMBERS] = only_the_second
    again(cloud, browser)
    assert refused == [1]
    assert groups() == {"Engineers"}
    assert cloud.app_tokens == 2


BAD = {
    "refused": (
        answer({"error": {"code": "Authorization_RequestDenied", "message": "SECRET"}}, status=403),
        "GroupMember",
    ),
    "unknown person": (
        answer({"error": {"code": "Request_ResourceNotFound"}}, status=404),
        "Request_ResourceNotFound",
    ),
    "too many": (
        answer({"error": {"code": "Directory_ResultSizeLimitExceeded"}}, status=400),
        "Directory_ResultSizeLimitExceeded",
    ),
    "throttled": (answer({"error": {"code": "TooManyRequests"}}, status=429), "429"),
    "down": (answer(b"down", status=503), "http.status"),
    "no list": (answer({"value": "x"}), "without a list"),
    "no ids": (answer({"value": [ENGINEERS, "Engineers"]}), "no id"),
    "numbers": (answer({"value": [ENGINEERS, 7]}), "no id"),
    "not JSON": (answer(b"<html>"), "http.not_json"),
    "too large": (answer({"value": ["x" * 1_100_000]}), "http.too_large"),
    "moved": (answer(b"", status=307, headers={"Location": "https://evil.example/"}), "http.redirect"),
    "elsewhere": (
        answer({"value": [ENGINEERS], "@odata.nextLink": "https://evil.example/v1.0/x"}),
        "next page",
    ),
    "beside": (
        answer({"value": [ENGINEERS], "@odata.nextLink": "http://127.0.0.1:1/graph/v1.0/x"}),
        "next page",
    ),
    "no address": (answer({"value": [ENGINEERS], "@odata.nextLink": 7}), "next page"),
}


@pytest.mark.usefixtures("open_graph")
@pytest.mark.parametrize("how", list(BAD))
def test_whatever_goes_wrong_at_graph_nobody_loses_a_group_and_the_sign_in_goes_on(
    cloud: EntraCloud, browser: PersonBrowser, how: str
) -> None:
    # G-5
    behaviour, says = BAD[how]
    start_with_engineers(cloud, browser)
    honest = cloud.server.routes[MEMBERS]
    cloud.server.routes[MEMBERS] = behaviour
    again(cloud, browser)
    assert groups() == {"Engineers"}
    assert says in warnings()["groups_overage_unresolved"]
    assert "SECRET" not in str(warnings())
    cloud.server.routes[MEMBERS] = honest
    cloud.groups[MIA_OID] = (ON_CALL,)
    again(cloud, browser)
    assert groups() == {"On Call"}


@pytest.mark.usefixtures("open_graph")
@pytest.mark.parametrize("endless", ["pages", "groups"])
def test_list_without_an_end_is_given_up(cloud: EntraCloud, browser: PersonBrowser, endless: str) -> None:
    # G-5: bounded
    start_with_engineers(cloud, browser)
    if endless == "pages":
        more = cloud.server.url(f"{MEMBERS}?$skip=1")
        cloud.server.routes[MEMBERS] = answer({"value": [ON_CALL], "@odata.nextLink": more})
    else:
        cloud.page_size = 6_000
        cloud.groups[MIA_OID] = many(11_001)
    again(cloud, browser)
    assert groups() == {"Engineers"}
    assert "more than" in warnings()["groups_overage_unresolved"]
    assert cloud.count("getMemberObjects") <= 25
    cloud.page_size = 6_000
    cloud.server.routes[MEMBERS] = cloud._member_objects
    cloud.groups[MIA_OID] = many(10_999, ON_CALL)
    again(cloud, browser)
    assert groups() == {"On Call"}


@pytest.mark.usefixtures("open_graph")
@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (
            answer({"error": "invalid_client", "error_description": "AADSTS7000215: SECRET"}, status=401),
            "AADSTS7000215",
        ),
        (answer({"error": "<script>", "error_description": "SECRET"}, status=400), "status 400"),
        (answer({"token_type": "Bearer"}), "no usable token"),
        (answer({"access_token": "a\r\nb"}), "no usable token"),
        (answer(b"down", status=502), "http.status"),
    ],
)
def test_refused_app_token_is_a_warning(
    cloud: EntraCloud, browser: PersonBrowser, behaviour: Behaviour, says: str
) -> None:
    # G-5
    path = f"/{ACME_TENANT}/oauth2/v2.0/token"
    honest = cloud.server.routes[path]

    def only_apps_fail(visit: Visit) -> None:
        (behaviour if visit.seen.form["grant_type"] == "client_credentials" else honest)(visit)

    start_with_engineers(cloud, browser)
    cloud.server.routes[path] = only_apps_fail
    again(cloud, browser)
    assert groups() == {"Engineers"}
    assert says in warnings()["groups_overage_unresolved"]
    assert "SECRET" not in str(warnings())
    cloud.server.routes[path] = honest
    cloud.groups[MIA_OID] = (ON_CALL,)
    again(cloud, browser)
    assert groups() == {"On Call"}


@pytest.mark.usefixtures("open_graph")
def test_graph_being_down_opens_a_circuit_of_its_own(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # O-5, G-5
    cloud.server.routes[MEMBERS] = answer(b"down", status=503)
    for _ in range(6):
        again(cloud, browser)
    assert cloud.count("getMemberObjects") == 5
    assert "http.circuit_open" in warnings()["groups_overage_unresolved"]


@pytest.mark.usefixtures("open_graph")
def test_nothing_is_asked_before_the_browser_proved_itself(
    cloud: EntraCloud, browser: PersonBrowser, new_browser: type[PersonBrowser]
) -> None:
    # V-17
    cloud.groups[MIA_OID] = (ENGINEERS,)
    asked, stranger = browser.open(START), new_browser()
    page = carry(cloud, stranger, asked, OVERAGE)
    assert refused_for(page) == "attempt.wrong_browser"
    assert cloud.count("getMemberObjects") == 0
    assert cloud.count("/oauth2/v2.0/token") == 0
    answer_with(cloud, browser, START, OVERAGE)
    assert groups() == {"Engineers"}


def test_groups_of_the_front_channel_token_count_for_nothing_where_a_code_is_redeemed(
    cloud: EntraCloud, browser: PersonBrowser, acme: World
) -> None:
    # O-3
    add_own_provider(cloud, acme, flow="hybrid")
    answer_with(cloud, browser, START, Answer(front={"groups": [ON_CALL]}, back={"groups": [ENGINEERS]}))
    assert groups() == {"Engineers"}
    again(cloud, browser, Answer(front={"groups": [ON_CALL]}))  # the real token says nothing of groups
    assert groups() == {"Engineers"}
    again(cloud, browser, Answer(front={"hasgroups": True}, back={"groups": [ON_CALL]}))
    assert groups() == {"On Call"}


def test_without_any_credential_groups_come_from_the_front_channel_and_overage_removes_none(
    cloud: EntraCloud, browser: PersonBrowser, acme: World
) -> None:
    # O-3's last way
    provider = add_own_provider(cloud, acme, flow="hybrid")
    save_oidc_settings(provider=provider, actor=OPERATOR, values=OidcValues(client_secret=""))
    answer_with(cloud, browser, START, Answer(front={"groups": [ENGINEERS]}))
    assert groups() == {"Engineers"}
    assert cloud.count("/oauth2/v2.0/token") == 0
    again(cloud, browser, Answer(front={"hasgroups": True}))
    assert groups() == {"Engineers"}
    assert "groups_overage" in warnings()
    save_graph_access(provider=provider, actor=OPERATOR, values=GraphValues())
    again(cloud, browser, Answer(front={"hasgroups": True}))
    assert "no credentials of its own" in warnings()["groups_overage_unresolved"]
    own = GraphValues(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    save_graph_access(provider=provider, actor=OPERATOR, values=own)
    cloud.groups[MIA_OID] = (ON_CALL,)
    again(cloud, browser, Answer(front={"hasgroups": True}))
    assert groups() == {"On Call"}


def test_provider_for_many_tenants_asks_each_ones_own_graph_and_no_strangers(
    cloud: EntraCloud, browser: PersonBrowser, acme: World
) -> None:
    # O-3, G-5
    provider = add_shared_provider(cloud, tenants={ACME_TENANT: acme})
    save_graph_access(provider=provider, actor=OPERATOR, values=GraphValues())
    cloud.groups[MIA_OID] = (ENGINEERS,)
    start = f"/sso/oidc/{SLUG}/login"
    page = answer_with(cloud, browser, start, OVERAGE.but(tenant=EVIL_TENANT))
    assert refused_for(page) == "wrong_tenant"
    assert cloud.app_tokens == 0
    answer_with(cloud, browser, start, OVERAGE)
    assert groups() == {"Engineers"}
    assert cloud.count(f"/{ACME_TENANT}/oauth2/v2.0/token") == 1
    allow(provider, GLOBEX_TENANT, found_account("globex"))
    browser.post("/logout/", {})
    answer_with(cloud, browser, start, OVERAGE.but(tenant=GLOBEX_TENANT, email="mia@globex.example"))
    assert browser.me()["account"]["slug"] == "globex"
    assert cloud.count(f"/{GLOBEX_TENANT}/oauth2/v2.0/token") == 1  # a token of its own, not acme's


@pytest.mark.parametrize(
    "lie", [{"oid": None}, {"tid": "x"}, {"oid": "../../me"}, {"oid": [MIA_OID, ENGINEERS]}]
)
def test_person_without_a_plain_object_id_is_not_looked_up(
    cloud: EntraCloud, browser: PersonBrowser, acme: World, lie: dict[str, Any]
) -> None:
    # G-5: nothing of the token's goes into a URL unread
    provider = add_own_provider(cloud, acme)
    save_graph_access(provider=provider, actor=OPERATOR, values=GraphValues())
    answer_with(cloud, browser, START, OVERAGE.but(claims=lie))
    assert browser.me()["authenticated"] is True
    assert "no usable" in warnings()["groups_overage_unresolved"]
    assert cloud.app_tokens == 0


# --- who may switch it on, and what clears it -------------------------------------------------------------------------


def test_secret_is_in_no_trail_and_goes_when_the_target_changes(cloud: EntraCloud, acme: World) -> None:
    # V-23, V-24
    provider = add_own_provider(cloud, acme)
    given = GraphValues(client_id="graph-reader", client_secret="very-secret-indeed")
    assert save_graph_access(provider=provider, actor=OPERATOR, values=given) >= {
        "client_id",
        "client_secret",
    }
    assert not save_graph_access(provider=provider, actor=OPERATOR, values=given)
    for event in AuditEvent.objects.all():
        assert "very-secret" not in f"{event.message} {event.changes}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT client_secret FROM {GraphAccess._meta.db_table}")
        assert "very-secret" not in cursor.fetchone()[0]
    save_oidc_settings(provider=provider, actor=OPERATOR, values=OidcValues(extra_scopes="offline_access"))
    assert access_of(provider) is not None
    save_oidc_settings(
        provider=provider, actor=OPERATOR, values=OidcValues(issuer=cloud.issuer(GLOBEX_TENANT))
    )
    assert access_of(provider) is None
    assert AuditEvent.objects.filter(action="provider.graph_access_removed").exists()


def test_another_client_needs_another_secret(cloud: EntraCloud, acme: World) -> None:
    # V-23
    provider = add_own_provider(cloud, acme)
    save_graph_access(
        provider=provider, actor=OPERATOR, values=GraphValues(client_id="one", client_secret="secret-of-one")
    )
    with pytest.raises(Refused) as refusal:
        save_graph_access(provider=provider, actor=OPERATOR, values=GraphValues(client_id="two"))
    assert refusal.value.code == "provider.invalid"
    both = GraphValues(client_id="two", client_secret="secret-of-two")
    assert save_graph_access(provider=provider, actor=OPERATOR, values=both) == {"client_id", "client_secret"}
    assert remove_graph_access(provider=provider, actor=OPERATOR)
    assert not remove_graph_access(provider=provider, actor=OPERATOR)


def test_only_sso_account_admins_and_operators_give_access(cloud: EntraCloud, acme: World) -> None:
    # V-8
    from audit.actors import Actor, ActorKind

    provider = add_own_provider(cloud, acme)
    other = found_account("globex")
    for user in (acme.employee, acme.admin, other.sso_admin):
        actor = Actor(ActorKind.USER, str(user.pk), user.user_name)
        for change in (save_graph_access, remove_graph_access):
            values = {"values": GraphValues()} if change is save_graph_access else {}
            with pytest.raises(Refused):
                change(provider=provider, actor=actor, **values)  # type: ignore[operator]
    actor = Actor(ActorKind.USER, str(acme.sso_admin.pk), acme.sso_admin.user_name)
    assert save_graph_access(provider=provider, actor=actor, values=GraphValues())


@pytest.mark.parametrize(
    "values",
    [
        GraphValues(),
        GraphValues(tenant_id=ACME_TENANT),
        GraphValues(client_id="a", client_secret="b"),
        GraphValues(tenant_id="organizations", client_id="a", client_secret="b"),
        GraphValues(tenant_id=ACME_TENANT, client_id="a"),
        GraphValues(tenant_id=ACME_TENANT, client_id="a\n", client_secret="b\nc"),
    ],
)
def test_saml_needs_an_app_registration_of_a_tenant(
    db: None, acme_saml: IdentityProvider, values: GraphValues
) -> None:
    # G-5
    with pytest.raises(Refused) as refusal:
        save_graph_access(provider=acme_saml, actor=OPERATOR, values=values)
    assert refusal.value.code == "provider.invalid"
    whole = GraphValues(tenant_id=ACME_TENANT.upper(), client_id="a", client_secret="b")
    assert save_graph_access(provider=acme_saml, actor=OPERATOR, values=whole)
    access = access_of(acme_saml)
    assert access is not None
    assert access.tenant_id == ACME_TENANT
    save_saml_settings(
        provider=acme_saml,
        actor=OPERATOR,
        values=SamlValues(idp_entity_id=f"https://sts.windows.net/{GLOBEX_TENANT}/"),
    )
    assert access_of(acme_saml) is None  # V-23


@pytest.fixture
def acme_saml(db: None) -> IdentityProvider:
    provider = providers.create_provider(
        actor=OPERATOR,
        slug="acme-saml",
        name="Acme SAML",
        protocol=ProtocolName.SAML,
        vendor=Vendor.ENTRA,
        account=found_account("acme").account,
    )
    values = SamlValues(
        idp_entity_id=f"https://sts.windows.net/{ACME_TENANT}/",
        sso_url=f"https://login.microsoftonline.com/{ACME_TENANT}/saml2",
    )
    save_saml_settings(provider=provider, actor=OPERATOR, values=values)
    return provider


def test_only_entra_has_graph(acme_saml: IdentityProvider) -> None:
    IdentityProvider.objects.filter(pk=acme_saml.pk).update(vendor=Vendor.OKTA)
    whole = GraphValues(tenant_id=ACME_TENANT, client_id="a", client_secret="b")
    with pytest.raises(Refused) as refusal:
        save_graph_access(provider=acme_saml, actor=OPERATOR, values=whole)
    assert refusal.value.code == "provider.invalid"


@pytest.mark.parametrize(
    ("address", "cloud"),
    [
        (f"https://login.microsoftonline.com/{ACME_TENANT}/v2.0", GLOBAL),
        ("https://LOGIN.microsoftonline.com/organizations/v2.0", GLOBAL),
        (f"https://sts.windows.net/{ACME_TENANT}/", GLOBAL),
        (f"https://login.microsoftonline.us/{ACME_TENANT}/v2.0", US_GOVERNMENT),
        (f"https://login.partner.microsoftonline.cn/{ACME_TENANT}/v2.0", CHINA),
        (f"https://login.microsoftonline.com:8443/{ACME_TENANT}/v2.0", None),
        (f"http://login.microsoftonline.com/{ACME_TENANT}/v2.0", None),
        ("https://login.microsoftonline.com.evil.example/v2.0", None),
        ("https://login.microsoftonline.com@evil.example/v2.0", None),
        ("https://evil.example/login.microsoftonline.com/v2.0", None),
        ("http://127.0.0.1:9000/acme/oidc", None),
        ("http://10.0.0.1/x", None),
        ("urn:acme", None),
        ("", None),
    ],
)
def test_hosts_of_graph_follow_from_the_providers_own_host_alone(address: str, cloud: object) -> None:
    # G-5, V-23: no request goes where an admin or a provider points
    assert cloud_of(address, frozenset()) == cloud


def test_stand_in_is_where_an_operator_allowed_it_and_nowhere_else() -> None:
    # V-23
    allowed = frozenset({("127.0.0.1", 9000), ("login.microsoftonline.com", 443)})
    found = cloud_of("http://127.0.0.1:9000/acme/oidc", allowed)
    assert found is not None
    assert (found.login, found.graph) == ("http://127.0.0.1:9000", "http://127.0.0.1:9000/graph")
    assert cloud_of("http://127.0.0.1:9001/acme/oidc", allowed) is None
    assert cloud_of("https://login.microsoftonline.com/x/v2.0", allowed) == GLOBAL

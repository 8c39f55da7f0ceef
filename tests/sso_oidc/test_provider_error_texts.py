"""What a provider's error means for the employee (L-10, O-4)."""

from __future__ import annotations

import pytest

from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.provider_errors import ProviderProblem, read_provider_error

CORRELATION = "0F0E0D0C-1111-4222-8333-444455556666"


def entra(number: int) -> str:
    return (
        f"AADSTS{number}: Some text.\r\nTrace ID: t\r\nCorrelation ID: {CORRELATION}\r\nTimestamp: 2025-01-01"
    )


# L-10
@pytest.mark.parametrize(
    ("error", "description", "problem"),
    [
        ("access_denied", entra(65004), ProviderProblem.CONSENT_DECLINED),
        ("consent_required", entra(65004), ProviderProblem.CONSENT_DECLINED),
        ("invalid_grant", entra(65001), ProviderProblem.CONSENT_DECLINED),
        ("access_denied", entra(90094), ProviderProblem.CONSENT_DECLINED),
        ("consent_required", "", ProviderProblem.CONSENT_DECLINED),
        ("access_denied", "", ProviderProblem.CONSENT_DECLINED),
        ("access_denied", "The resource owner denied the request.", ProviderProblem.CONSENT_DECLINED),
        ("access_denied", entra(50105), ProviderProblem.NOT_ASSIGNED),
        ("interaction_required", entra(50105), ProviderProblem.NOT_ASSIGNED),
        ("access_denied", "User is not assigned to the client application.", ProviderProblem.NOT_ASSIGNED),
        (
            "access_denied",
            "Policy evaluation failed for this request, please check.",
            ProviderProblem.BLOCKED_BY_POLICY,
        ),
        ("access_denied", entra(53003), ProviderProblem.BLOCKED_BY_POLICY),
        ("access_denied", entra(999999), ProviderProblem.OTHER),
        ("interaction_required", entra(50076), ProviderProblem.INTERACTION_REQUIRED),
        ("invalid_grant", entra(50079), ProviderProblem.INTERACTION_REQUIRED),
        ("interaction_required", entra(999999), ProviderProblem.INTERACTION_REQUIRED),
        ("login_required", "", ProviderProblem.INTERACTION_REQUIRED),
        ("invalid_request", entra(50194), ProviderProblem.UNKNOWN_TENANT),
        ("invalid_request", entra(90002), ProviderProblem.UNKNOWN_TENANT),
        ("access_denied", entra(50020), ProviderProblem.UNKNOWN_TENANT),
        ("unsupported_response_type", entra(700054), ProviderProblem.HYBRID_NOT_ENABLED),
        ("unsupported_response", "", ProviderProblem.HYBRID_NOT_ENABLED),
        ("invalid_client", entra(7000215), ProviderProblem.CREDENTIALS_REFUSED),
        ("invalid_client", entra(7000222), ProviderProblem.CREDENTIALS_REFUSED),
        ("invalid_client", entra(700027), ProviderProblem.CREDENTIALS_REFUSED),
        ("invalid_client", "", ProviderProblem.CREDENTIALS_REFUSED),
        ("unauthorized_client", entra(700016), ProviderProblem.APPLICATION_UNKNOWN),
        ("invalid_grant", entra(9002313), ProviderProblem.OTHER),
        ("invalid_request", entra(50011), ProviderProblem.REDIRECT_URI),
        ("temporarily_unavailable", entra(90055), ProviderProblem.UNAVAILABLE),
        ("org_internal", "", ProviderProblem.UNKNOWN_TENANT),
        ("disabled_client", "", ProviderProblem.APPLICATION_UNKNOWN),
        ("admin_policy_enforced", "", ProviderProblem.BLOCKED_BY_POLICY),
        ("server_error", "", ProviderProblem.OTHER),
        ("", "", ProviderProblem.OTHER),
    ],
)
def test_error_is_understood_by_number_then_sentence_then_code(
    error: str, description: str, problem: ProviderProblem
) -> None:
    assert read_provider_error(error, description).problem is problem


# O-4: what the support of the vendor asks for
def test_number_and_correlation_id_are_kept_for_the_audit_trail() -> None:
    found = read_provider_error("invalid_client", entra(7000215))
    assert found.aadsts == 7000215
    assert found.summary == "invalid_client AADSTS7000215"
    assert found.correlation_id == CORRELATION.lower()
    assert found.description.startswith("AADSTS7000215: Some text. Trace ID: t")


# L-10: the provider's own text goes nowhere by accident
@pytest.mark.parametrize("error", ["<script>alert(1)</script>\n", 'a"b', "a\\b", "é", "x" * 129])
def test_error_code_that_is_none_is_replaced(error: str) -> None:
    assert read_provider_error(error).error == "unreadable"


def test_text_of_the_provider_is_bounded_and_on_one_line() -> None:
    found = read_provider_error("server_error", "a\r\nb\x00c\u202ed" + "x" * 5000)
    assert found.description.startswith("a b c d")
    assert len(found.description) <= 1000
    assert "b c" not in repr(found)


def test_details_of_refusals_are_bounded_and_on_one_line() -> None:
    refusal = OidcRefusal(OidcCode.ISSUER, "a\nb\x1b[31m" + "x" * 1000)
    assert refusal.detail.startswith("a b [31m")
    assert len(refusal.detail) == 300

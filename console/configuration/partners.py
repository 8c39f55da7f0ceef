"""Partners and their keys (X-1, S-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts import lifecycle
from accounts.models import Partner, PartnerKey
from console.configuration.places import Place
from console.configuration.problems import did_you_mean
from console.configuration.run import Run
from console.configuration.schema import PartnerPart
from foundation.secret_tokens import digest


@dataclass(frozen=True, slots=True)
class Partners:
    """All partners that there are now, by slug."""

    by_slug: Mapping[str, Partner]

    def find(self, run: Run, place: Place, slug: str) -> Partner | None:
        """Return a partner; note a problem when there is none of this slug."""
        partner = self.by_slug.get(slug)
        if partner is None:
            run.problem(place, f"there is no such partner{did_you_mean(slug, self.by_slug)}")
        return partner


def apply_partners(run: Run, parts: Sequence[PartnerPart]) -> Partners:
    """Create and rename partners and add their keys."""
    partners = {partner.slug: partner for partner in Partner.objects.all()}
    keys = set(PartnerKey.objects.values_list("partner_id", "digest"))
    for part in parts:
        label = f"partner {part.slug}"
        partner = partners.get(part.slug)
        if partner is None:
            with run.at(part.place):
                partner = lifecycle.create_partner(actor=run.actor, slug=part.slug, name=part.name)
                partners[part.slug] = partner
                run.difference.created(label, name=part.name)
        elif partner.name != part.name:
            old = partner.name
            with run.at(part.place.at("name")):
                lifecycle.rename_partner(partner=partner, actor=run.actor, name=part.name)
                run.difference.changed(label, "name", old, part.name)
        if partner is None or part.api_key is None:
            continue
        if (partner.pk, digest(part.api_key)) not in keys:
            with run.at(part.place.at("api_key")):
                lifecycle.add_partner_key(partner=partner, actor=run.actor, api_key=part.api_key)
                run.difference.secret(label, "api_key")
    return Partners(partners)

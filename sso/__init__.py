"""What SAML and OpenID Connect share: providers, identities, sign-in attempts, the planner, the pages."""

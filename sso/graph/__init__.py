"""Groups of people who are in too many of them, read from Microsoft Graph (G-5).

Entra puts no more than 150 groups into a SAML assertion and 200 into a token; beyond that it sends a link instead. The
link is not followed: it comes from outside, and names an API that Microsoft switched off. What we ask is built here:

    clouds      which login and Graph host belong to an issuer's host, by a fixed list
    client      an app token by client_credentials, and ``getMemberObjects``, paged and bounded
    access      who may switch it on, with which credentials (V-8, V-23)
    overage     ``resolve_overage(provider, claims, …)``, which both protocols call once the browser has proved itself

Whatever goes wrong, nobody loses a group: the claims keep ``groups_overage``, and a warning says why.
"""

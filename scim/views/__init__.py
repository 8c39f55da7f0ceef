"""HTTP's side of SCIM: what turns a request into a call, and its outcome into an answer."""

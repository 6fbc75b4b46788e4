"""Sign-in by a provider of OpenID Connect: the authorization code flow with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636, RFC 9700).

Who it is comes from the provider; what they may comes from their account here. `door` leads a browser there and back, `attempts` remembers
who went, `provider` speaks with the provider, `token` judges what it says.
"""

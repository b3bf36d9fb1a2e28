"""Authlib from PyPI, as a portal in Python would use it. See openid_client.mjs for how it talks to the test."""

import json
import sys
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet

SETTINGS = json.loads(sys.argv[1])
METADATA = requests.get(SETTINGS["issuer"] + "/.well-known/openid-configuration", timeout=60).json()
KEYS = KeySet.import_key_set(requests.get(METADATA["jwks_uri"], timeout=60).json())
SCOPE = "openid profile offline_access"
VERIFIER = "a-verifier-that-is-long-enough-for-everybody-0123456789"


def visit(url):
    print(json.dumps({"visit": url}), flush=True)
    return sys.stdin.readline().strip()


def identity(tokens, session):
    algorithms = METADATA["id_token_signing_alg_values_supported"]
    token = jwt.decode(tokens["id_token"], KEYS, algorithms=algorithms)
    claims = token.claims
    assert claims["iss"] == SETTINGS["issuer"] and claims["aud"] == session.client_id, claims
    assert claims["nonce"] == "nonce-1" and claims["exp"] > time.time() - 5, claims
    return claims


def flow(method, **more):
    session = OAuth2Session(
        SETTINGS["client_id"], more.pop("secret", None), token_endpoint_auth_method=method, scope=SCOPE,
        redirect_uri=SETTINGS["redirect_uri"], code_challenge_method="S256",
        revocation_endpoint_auth_method=method,
    )
    for auth in more.pop("auths", []):
        session.register_client_auth_method(auth)
    url, state = session.create_authorization_url(
        METADATA["authorization_endpoint"], nonce="nonce-1", code_verifier=VERIFIER, **more
    )
    back = visit(url)
    tokens = session.fetch_token(
        METADATA["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER
    )
    claims = identity(tokens, session)
    userinfo = session.get(METADATA["userinfo_endpoint"]).json()
    assert userinfo["name"] == SETTINGS["name"] and userinfo["sub"] == claims["sub"], userinfo
    return session, tokens


def basic():
    """The code flow and everything that follows it, by a secret."""
    auths = [ClientSecretJWT(METADATA["token_endpoint"])]
    session, tokens = flow(SETTINGS["method"], secret=SETTINGS["client_secret"], auths=auths)
    first = tokens["access_token"]
    # The same dictionary: Authlib's session keeps what a refresh brings in it.
    tokens = session.refresh_token(METADATA["token_endpoint"])
    assert tokens["access_token"] != first, "a refresh brings another token"
    assert session.get(METADATA["userinfo_endpoint"]).json()["name"] == SETTINGS["name"]
    answer = session.introspect_token(METADATA["introspection_endpoint"], token=tokens["access_token"]).json()
    assert answer["active"] and answer["client_id"] == SETTINGS["client_id"], answer
    session.revoke_token(METADATA["revocation_endpoint"], token=tokens["access_token"])
    assert session.get(METADATA["userinfo_endpoint"]).status_code == 401
    own = session.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials", scope="reports")
    assert own["scope"] == "reports" and "refresh_token" not in own, own


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """What Authlib's clients for Flask, Django and Starlette are, without the framework's session and redirects."""

    client_cls = OAuth2Session


def framework():
    """Finds both documents itself, checks the ID token itself, and signs out."""
    app = App(
        None, client_id=SETTINGS["client_id"], client_secret=SETTINGS["client_secret"],
        server_metadata_url=SETTINGS["issuer"] + "/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
    )
    asked = app.create_authorization_url(SETTINGS["redirect_uri"])
    tokens = app.fetch_access_token(
        SETTINGS["redirect_uri"], authorization_response=visit(asked["url"]), state=asked["state"],
        code_verifier=asked["code_verifier"],
    )
    claims = app.parse_id_token(tokens, nonce=asked["nonce"])
    userinfo = app.userinfo(token=tokens)
    assert userinfo["name"] == SETTINGS["name"] and userinfo["sub"] == claims["sub"], userinfo
    out = SETTINGS["post_logout_redirect_uri"]
    leaving = app.create_logout_url(out, id_token_hint=tokens["id_token"])
    assert visit(leaving["url"]) == out + "?" + urlencode({"state": leaving["state"]})
    assert app.get(METADATA["userinfo_endpoint"], token=tokens).status_code == 401, "the session's tokens end with it"


class Interface(JWTBearerTokenValidator):
    """What an interface in Python checks a JWT access token with (RFC 9068)."""

    def get_jwks(self):
        return KEYS

    def reads(self, token):
        claims = self.authenticate_token(token)
        self.validate_token(claims, ["openid profile"], None)
        return claims


def exchange():
    """A token for an interface, exchanged for (RFC 8693) and asked for in the visitor's name (RFC 8707)."""
    session, tokens = flow("client_secret_basic", secret=SETTINGS["client_secret"])
    endpoint, resource = METADATA["token_endpoint"], SETTINGS["resource"]
    exchanged = session.fetch_token(
        endpoint, grant_type="urn:ietf:params:oauth:grant-type:token-exchange", resource=resource,
        subject_token=tokens["access_token"], subject_token_type="urn:ietf:params:oauth:token-type:access_token",
    )
    interface = Interface(issuer=SETTINGS["issuer"], resource_server=resource)
    claims = interface.reads(exchanged["access_token"])
    assert claims["aud"] == resource and claims["act"]["sub"] == SETTINGS["client_id"], claims
    url, state = session.create_authorization_url(
        METADATA["authorization_endpoint"], nonce="nonce-1", code_verifier=VERIFIER, resource=resource
    )
    direct = session.fetch_token(endpoint, authorization_response=visit(url), state=state, code_verifier=VERIFIER)
    claims = interface.reads(direct["access_token"])
    assert claims["aud"] == resource and "act" not in claims, claims


def private_key_jwt():
    key = ECKey.import_key(SETTINGS["private_key"])
    headers = {"kid": SETTINGS["private_key"]["kid"]}
    # What it calls the token endpoint is the audience: the issuer is better.
    auth = PrivateKeyJWT(SETTINGS["issuer"], headers=headers, alg="ES256")
    flow("private_key_jwt", secret=key, auths=[auth])


def encrypted_requests():
    key = ECKey.import_key(SETTINGS["private_key"])
    to = [published for published in KEYS.keys if published.as_dict()["use"] == "enc"]
    assert sorted(one.as_dict()["alg"] for one in to) == sorted(METADATA["request_object_encryption_alg_values_supported"])
    for published in to:
        for enc in METADATA["request_object_encryption_enc_values_supported"]:
            now, alg = int(time.time()), published.as_dict()["alg"]
            claims = {
                "iss": SETTINGS["client_id"], "aud": SETTINGS["issuer"], "nbf": now - 5, "exp": now + 60,
                "client_id": SETTINGS["client_id"], "redirect_uri": SETTINGS["redirect_uri"], "response_type": "code",
                "scope": "openid profile", "state": alg + enc, "jti": alg + enc,
            }
            header = {"alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": SETTINGS["private_key"]["kid"]}
            signed = jwt.encode(header, claims, key)
            header = {"alg": alg, "enc": enc, "cty": "JWT", "kid": published.kid}
            sealed = jwe.encrypt_compact(header, signed, published, algorithms=[alg, enc])
            query = urlencode({"client_id": SETTINGS["client_id"], "request": sealed})
            back = visit(METADATA["authorization_endpoint"] + "?" + query)
            answer = parse_qs(urlsplit(back).query)
            assert answer.get("state") == [alg + enc] and answer.get("code"), back


SCENARIOS = [basic, framework, exchange, private_key_jwt, encrypted_requests]
{scenario.__name__: scenario for scenario in SCENARIOS}[SETTINGS["scenario"]]()
print(json.dumps({"done": True}), flush=True)

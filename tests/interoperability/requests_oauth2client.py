"""requests-oauth2client from PyPI. See openid_client.mjs for how it talks to the test."""

import json
import sys
import time

# Python looks in this script's own folder first, where the file has the package's name.
sys.path.pop(0)
from jwskate import Jwt  # noqa: E402
from requests_oauth2client import (  # noqa: E402
    BearerToken, ClientSecretBasic, ClientSecretJwt, ClientSecretPost, DeviceAuthorizationPollingJob, OAuth2Client,
    PrivateKeyJwt,
)

SETTINGS = json.loads(sys.argv[1])


def visit(url):
    print(json.dumps({"visit": url}), flush=True)
    return sys.stdin.readline().strip()


def client(**more):
    """`testing` lets it talk plain HTTP."""
    return OAuth2Client.from_discovery_endpoint(
        issuer=SETTINGS["issuer"], testing=True, redirect_uri=SETTINGS["redirect_uri"],
        id_token_signed_response_alg=SETTINGS["alg"], **more,
    )


def check_userinfo(portal, tokens):
    claims = portal.userinfo(tokens)
    assert claims["name"] == SETTINGS["name"], claims


def basic():
    """The code flow and everything that follows it, by a secret."""
    methods = {
        "client_secret_basic": ClientSecretBasic, "client_secret_post": ClientSecretPost,
        "client_secret_jwt": ClientSecretJwt,
    }
    portal = client(auth=methods[SETTINGS["method"]](SETTINGS["client_id"], SETTINGS["client_secret"]))
    request = portal.authorization_request(scope="openid profile offline_access")
    tokens = portal.authorization_code(request.validate_callback(visit(str(request))), validate=True)
    check_userinfo(portal, tokens)
    refreshed = portal.refresh_token(tokens)
    assert refreshed.access_token != tokens.access_token
    check_userinfo(portal, refreshed)
    assert portal.introspect_token(refreshed.access_token)["active"]
    assert portal.revoke_access_token(refreshed.access_token)
    assert not portal.introspect_token(refreshed.access_token)["active"]
    assert portal.client_credentials(scope="reports").access_token


def sealed():
    """An ID token that is encrypted to the portal's key; of userinfo this library reads plain JSON only."""
    auth = ClientSecretBasic(SETTINGS["client_id"], SETTINGS["client_secret"])
    portal = client(auth=auth, id_token_decryption_key=SETTINGS["private_key"])
    request = portal.authorization_request(scope="openid profile")
    tokens = portal.authorization_code(request.validate_callback(visit(str(request))), validate=True)
    check_userinfo(portal, tokens)
    assert tokens.id_token.claims["sub"] == portal.userinfo(tokens)["sub"]


def exchange():
    """A token for an interface, asked for in the visitor's name (RFC 8707) and exchanged for (RFC 8693)."""
    portal = client(auth=ClientSecretBasic(SETTINGS["client_id"], SETTINGS["client_secret"]))
    request = portal.authorization_request(scope="openid profile")
    tokens = portal.authorization_code(request.validate_callback(visit(str(request))), validate=True)
    exchanged = portal.token_exchange(subject_token=tokens, resource=SETTINGS["resource"])
    claims = Jwt(exchanged.access_token).claims
    assert claims["aud"] == SETTINGS["resource"] and claims["act"]["sub"] == SETTINGS["client_id"], claims
    request = portal.authorization_request(scope="openid profile", resource=SETTINGS["resource"])
    tokens = portal.authorization_code(request.validate_callback(visit(str(request))), validate=True)
    claims = Jwt(tokens.access_token).claims
    assert claims["aud"] == SETTINGS["resource"] and "act" not in claims, claims


def signed():
    """A signed request (RFC 9101). What must stand in it where every request must be signed is added by hand."""
    key, now = SETTINGS["private_key"], int(time.time())
    portal = client(client_id=SETTINGS["client_id"], private_key=key)
    request = portal.authorization_request(
        scope="openid profile", iss=SETTINGS["client_id"], aud=SETTINGS["issuer"], nbf=now,
    )
    answer = request.validate_callback(visit(str(request.sign(key, lifetime=60))))
    check_userinfo(portal, portal.authorization_code(answer, validate=True))


def terminal():
    """The device grant, its tokens bound by DPoP."""
    # Of discovery this library does not read that one.
    endpoint = SETTINGS["issuer"] + "/device_authorization"
    terminal = client(client_id=SETTINGS["client_id"], device_authorization_endpoint=endpoint)
    begun = terminal.authorize_device(scope="openid profile")
    job = DeviceAuthorizationPollingJob(terminal, begun, dpop=True)
    assert job() is None, "nobody has said yes"
    visit(begun.verification_uri_complete)
    while (tokens := job()) is None:
        pass
    assert tokens.token_type.lower() == "dpop", tokens.token_type
    check_userinfo(terminal, tokens)


def pushed():
    """As FAPI 2.0 asks: pushed requests, private_key_jwt for the issuer, and DPoP."""
    key = SETTINGS["private_key"]
    auth = PrivateKeyJwt(SETTINGS["client_id"], key, aud=SETTINGS["issuer"])
    portal = client(auth=auth, dpop_bound_access_tokens=True)
    request = portal.authorization_request(scope="openid profile")
    answer = request.validate_callback(visit(str(portal.pushed_authorization_request(request))))
    tokens = portal.authorization_code(answer, validate=False)
    # Of a token that is bound this library can't check the ID token: of the same one, unbound, it can.
    unbound = BearerToken(access_token=tokens.access_token, id_token=str(tokens.id_token))
    assert unbound.validate_id_token(portal, answer).id_token.claims["nonce"] == request.nonce
    assert tokens.token_type.lower() == "dpop", tokens.token_type
    check_userinfo(portal, tokens)


SCENARIOS = [basic, sealed, exchange, signed, terminal, pushed]
{scenario.__name__: scenario for scenario in SCENARIOS}[SETTINGS["scenario"]]()
print(json.dumps({"done": True}), flush=True)

"""requests-oauth2client from PyPI. See openid_client.mjs for how it talks to the test."""

import json
import sys

# Python looks in this script's own folder first, where the file has the package's name.
sys.path.pop(0)
import requests  # noqa: E402
from requests_oauth2client import ClientSecretBasic, OAuth2Client  # noqa: E402

SETTINGS = json.loads(sys.argv[1])
METADATA = requests.get(SETTINGS["issuer"] + "/.well-known/openid-configuration", timeout=10).json()
KEYS = requests.get(METADATA["jwks_uri"], timeout=10).json()


def visit(url):
    print(json.dumps({"visit": url}), flush=True)
    return sys.stdin.readline().strip()


def client(**more):
    return OAuth2Client.from_discovery_document(
        METADATA, issuer=SETTINGS["issuer"], testing=True, authorization_server_jwks=KEYS,
        redirect_uri=SETTINGS["redirect_uri"], id_token_signed_response_alg=SETTINGS["alg"], **more,
    )


def check_userinfo(portal, tokens):
    claims = portal.userinfo(tokens)
    assert claims["name"] == SETTINGS["name"], claims


def basic():
    portal = client(auth=ClientSecretBasic(SETTINGS["client_id"], SETTINGS["client_secret"]))
    request = portal.authorization_request(scope="openid profile")
    tokens = portal.authorization_code(request.validate_callback(visit(str(request))), validate=True)
    check_userinfo(portal, tokens)
    assert portal.introspect_token(tokens.access_token)["active"]
    assert portal.revoke_access_token(tokens.access_token)
    assert not portal.introspect_token(tokens.access_token)["active"]
    assert portal.client_credentials(scope="reports").access_token


def pushed():
    """Pushed requests, private_key_jwt and DPoP. Its assertions name the endpoint as their audience, which FAPI 2.0
    forbids and this library can't change: so the client is not one that is held to FAPI."""
    key = SETTINGS["private_key"]
    portal = client(client_id=SETTINGS["client_id"], private_key=key, dpop_bound_access_tokens=True)
    request = portal.authorization_request(scope="openid profile")
    by_name = portal.pushed_authorization_request(request)
    # Validating an ID token makes this library forget the key of a DPoP token; `basic` validates one.
    tokens = portal.authorization_code(request.validate_callback(visit(str(by_name))), validate=False)
    assert tokens.token_type.lower() == "dpop", tokens.token_type
    check_userinfo(portal, tokens)


{"basic": basic, "pushed": pushed}[SETTINGS["scenario"]]()
print(json.dumps({"done": True}), flush=True)

"""requests-oauth2client from PyPI. See openid_client.mjs for how it talks to the test."""

import json
import sys

# Python looks in this script's own folder first, where the file has the package's name.
sys.path.pop(0)
import requests  # noqa: E402
from requests_oauth2client import OAuth2Client  # noqa: E402

SETTINGS = json.loads(sys.argv[1])
METADATA = requests.get(SETTINGS["issuer"] + "/.well-known/openid-configuration", timeout=10).json()


def visit(url):
    print(json.dumps({"visit": url}), flush=True)
    return sys.stdin.readline().strip()


def client(**more):
    return OAuth2Client.from_discovery_document(
        METADATA, issuer=SETTINGS["issuer"], client_id=SETTINGS["client_id"], testing=True,
        redirect_uri=SETTINGS["redirect_uri"], id_token_signed_response_alg=SETTINGS["alg"], **more,
    )


def check_userinfo(portal, tokens):
    claims = portal.userinfo(tokens)
    assert claims["name"] == SETTINGS["name"], claims


def basic():
    portal = client(client_secret=SETTINGS["client_secret"])
    request = portal.authorization_request(scope="openid profile")
    tokens = portal.authorization_code(request.validate_callback(visit(str(request))), validate=True)
    check_userinfo(portal, tokens)
    assert portal.introspect_token(tokens.access_token)["active"]
    assert portal.revoke_access_token(tokens.access_token)
    assert not portal.introspect_token(tokens.access_token)["active"]
    assert portal.client_credentials(scope="reports").access_token


def fapi():
    """Pushed requests, private_key_jwt and DPoP."""
    portal = client(private_key=SETTINGS["private_key"], dpop_bound_access_tokens=True)
    request = portal.authorization_request(scope="openid profile")
    pushed = portal.pushed_authorization_request(request)
    tokens = portal.authorization_code(request.validate_callback(visit(str(pushed))), validate=True)
    assert tokens.token_type.lower() == "dpop", tokens.token_type
    check_userinfo(portal, tokens)


def device():
    portal = client(client_secret=SETTINGS["client_secret"])
    started = portal.authorize_device(scope="openid profile")
    visit(started.verification_uri_complete)
    tokens = portal.device_code(started.device_code)
    check_userinfo(portal, tokens)


{"basic": basic, "fapi": fapi, "device": device}[SETTINGS["scenario"]]()
print(json.dumps({"done": True}), flush=True)

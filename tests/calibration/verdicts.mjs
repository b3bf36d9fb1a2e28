// Why ours is right, where the two answer differently. A verdict on a request that is answered alike is an error.
const CHALLENGE = "every 401 carries a challenge (RFC 9110 11.6.1); the scheme is the one that all clients with a secret can use";
const METHOD = "the address is there, the method is not (RFC 9110 15.5.6)";
const REDIRECT = "redirect_uri is REQUIRED (OIDC Core 3.1.2.1); the reference takes the only registered one, as plain OAuth may";
const BESIDE = "beside a pushed or signed request nothing counts (RFC 9101 6.3, RFC 9126 4), so there is no address to tell it at";
const SCOPE = "what is wrong is the scope, which has its own code (RFC 6749 3.3, 4.1.2.1)";
const MODE = "an invalid value of a parameter is invalid_request (RFC 6749 4.1.2.1); unsupported_response_mode is in no RFC";
const TYPE = "RFC 6749 4.1.2.1 has codes for it; of these the OpenID Foundation's suite takes only unsupported_response_type";
const NOBODY = "no client authentication included is invalid_client (RFC 6749 5.2)";
const MAY_NOT = "a client that may not use a grant is unauthorized_client (RFC 6749 5.2)";
const ASSERTION = "an assertion that does not hold is invalid_client (RFC 7521 4.2.1, RFC 7523 3.2)";
const REGISTERED = "the client registered another way (OIDC Registration 2, token_endpoint_auth_method); the reference takes either";
const NOT_THERE = "no bearer token was presented in a way that we take, so no error code is told (RFC 6750 3.1)";
const METADATA = "the body is the metadata; RFC 7591 3.2.2 has no other code for it";
const HTTPS = "https only: RFC 9700 2.6, and what we fetch is fetched over TLS only";
const REPLACED = "the metadata is invalid, which RFC 7592 2.2 has told as RFC 7591 does";
const UNUSED = "what does not hold is not used, and the visitor is asked or told, not sent on (RP-Initiated Logout 2, 4)";

const group = (name, verdicts) => Object.fromEntries(Object.entries(verdicts).map(([what, why]) => [`${name}: ${what}`, why]));

export const verdicts = {
  ...group("Authorization endpoint", {
    "no redirect_uri": REDIRECT,
    "redirect_uri twice": "which of them is meant is unknown, so neither is told (RFC 6749 4.1.2.1, RFC 9700 4.11)",
    "an empty redirect_uri": `an empty parameter is an absent one (RFC 6749 3.1): ${REDIRECT}`,
    "a response_type that the client did not register": TYPE,
    "no scope": SCOPE,
    "no openid in scope": SCOPE,
    "id_token without openid": SCOPE,
    "an unknown response_mode": MODE,
    "response_mode query for an ID token": "the mode is refused, so the response type's own is used (Multiple Response Types 2.1, 5)",
    "response_mode query.jwt for an ID token": "as before; JARM 2.3.1 wants it never to be used unencrypted",
    "a dpop_jkt that is none": "no proof could ever match it (RFC 9449 10)",
    "the method PUT": METHOD,
    "a body of JSON": "GET and POST of a form are what is there (RFC 6749 3.1); RFC 9110 15.5.16",
    "authorization_details with a member too many": "unknown fields are refused with this code (RFC 9396 5); the reference misses a resource instead",
    "one of another typ": "a JWT that was made for something else is no request (RFC 8725 3.11, RFC 9101 10.8)",
    "one without redirect_uri, which stands beside it": `RFC 9101 6.3: only what is in the object counts. ${REDIRECT}`,
    "request and request_uri": BESIDE,
    "a request_uri that is not registered": "we take request_uri, of registered addresses: invalid_request_uri (OIDC Core 3.1.2.6)",
    "a request_uri over http": "as before",
    "a pushed request that nobody pushed": BESIDE,
  }),
  ...group("Token endpoint", {
    "the method GET": METHOD,
    "a grant that the client did not register": MAY_NOT,
    "client_credentials of a public client": MAY_NOT,
    "no client": NOBODY,
    "an unknown public client": CHALLENGE,
    "no secret": CHALLENGE,
    "an empty secret": NOBODY,
    "the secret in the body, of a client of client_secret_basic": REGISTERED,
    "the secret in the header, of a client of client_secret_post": REGISTERED,
    "a wrong secret in the body": CHALLENGE,
    "a Basic header that is no base64": "client authentication failed (RFC 6749 5.2)",
    "a Basic header without a colon": "client authentication failed (RFC 6749 5.2)",
    "another scheme": "an unsupported authentication method is invalid_client (RFC 6749 5.2)",
    "a secret of a public client": CHALLENGE,
    "an assertion by another's key": CHALLENGE,
    "one that has expired": CHALLENGE,
    "one without exp": CHALLENGE,
    "one for somebody else": CHALLENGE,
    "one without aud": CHALLENGE,
    "one whose sub is another": ASSERTION,
    "one whose iss is another": CHALLENGE,
    "one without jti": CHALLENGE,
    "one that is not good yet": CHALLENGE,
    "one that was made in the future": "RFC 7523 3 leaves it to the server; its clock or ours is wrong, or it was made in advance",
    "one that nobody signed": CHALLENGE,
    "one signed with the public key as a secret": CHALLENGE,
    "one of an unknown kid": CHALLENGE,
    "one that is no JWT": ASSERTION,
    "an assertion of a client of client_secret_basic": CHALLENGE,
    "an assertion a second time": CHALLENGE,
    "no redirect_uri": "REQUIRED where the authorization request had one (RFC 6749 4.1.3)",
    "a verifier that is too short": "it is none (RFC 7636 4.1), and not what the challenge was made of: invalid_grant (RFC 7636 4.6)",
    "a scope that nobody knows": "unknown is invalid_scope (RFC 6749 5.2); the reference leaves it out",
    "a client's own token with openid": "there is no end-user whom openid could be about (OIDC Core 3.1.2.1)",
    "a device_code asked for too often": "slow_down (RFC 8628 3.5)",
    "a proof a second time": "what is wrong is the proof (RFC 9449 5, 11.1)",
    "no proof of a client that must show one": "a part of the request is missing (RFC 9449 5.2, RFC 6749 5.2); the grant is in order",
  }),
  ...group("Userinfo", {
    "a token in the query": `RFC 9700 4.3.2: never in the query. ${NOT_THERE}`,
    "the scheme Basic": NOT_THERE,
    "two tokens in one header": "a malformed token is invalid_token (RFC 6750 3.1)",
    "a client's own token": "the token is good and lacks openid: insufficient_scope (RFC 6750 3.1)",
    "the method DELETE": METHOD,
    "a bound token without a proof": "401 with a DPoP challenge (RFC 9449 7.1)",
  }),
  ...group("Introspection and revocation", {
    "introspection: nobody asks": NOBODY,
    "introspection: another client's token": "nothing is told of it unless the client is a resource server (RFC 7662 2.2, 4)",
    "introspection: a public client asks": "the endpoint MUST require authorization (RFC 7662 2.1)",
    "introspection: the method GET": METHOD,
    "revocation: nobody asks": NOBODY,
    "revocation: another client's token": "refused (RFC 7009 2.1) with RFC 6749 5.2's words for it: \"issued to another client\" is invalid_grant",
    "revocation: the method GET": METHOD,
  }),
  ...group("Pushed requests", {
    "nobody pushes": NOBODY,
    "a client without its secret": CHALLENGE,
    "a request_uri": "it MUST NOT be there (RFC 9126 2.1), which is invalid_request; request_uri as such is supported",
    "the method GET": METHOD,
    "no redirect_uri": REDIRECT,
    "a response_type that is not registered": TYPE,
    "no openid in scope": SCOPE,
    "an unknown response_mode": MODE,
    "another client's pushed request": BESIDE,
    "a pushed request a second time": BESIDE,
  }),
  ...group("Device authorization", {
    "nobody asks": NOBODY,
    "an unknown client": CHALLENGE,
    "a client that did not register the grant": MAY_NOT,
    "the method GET": METHOD,
  }),
  ...group("Registration and its management", {
    "what is no JSON": METADATA,
    "an array": METADATA,
    "a form": METADATA,
    "a redirect_uri over http": HTTPS,
    "a response_type without its grant": "RFC 7591 2.1: the two must go together, or the request may be refused",
    "a jwks_uri over http": HTTPS,
    "request_uris over http": HTTPS,
    "replacing without client_id": REPLACED,
    "replacing with another client_id": REPLACED,
    "replacing with another client_secret": REPLACED,
    "replacing the registration_access_token": REPLACED,
    "a scope that nobody knows": "left out, and the answer says what is registered (RFC 7591 3.2.1)",
  }),
  ...group("Sign-out", {
    "a hint that is none": UNUSED,
    "a hint that nobody signed": UNUSED,
    "an unknown client": UNUSED,
    "an access token as a hint": UNUSED,
    "a code as a hint": UNUSED,
  }),
};

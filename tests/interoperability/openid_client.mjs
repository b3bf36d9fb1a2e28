// openid-client from npm (itself certified by the OpenID Foundation), as a portal in Node would use it. The settings are
// JSON in the first argument; a line {"visit": url} asks the test to send its browser there and to answer with the
// address that the browser comes back to.
import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const settings = JSON.parse(process.argv[2]);
const issuer = new URL(settings.issuer);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const execute = [client.allowInsecureRequests];

function check(right, what) {
  if (!right) throw new Error(what);
}

async function visit(url) {
  console.log(JSON.stringify({ visit: url.href }));
  const back = (await lines.next()).value;
  return back ? new URL(back) : undefined;
}

async function refused(promise, code) {
  const error = await promise.then(() => undefined, (error) => error);
  check(error?.error === code || error?.cause?.error === code, `${code} was expected: ${error}`);
}

async function request(extra = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: settings.redirect_uri, scope: "openid profile", state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...extra,
  };
  return { parameters, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce } };
}

const scenarios = {
  // The plain code flow and everything that follows it, by a secret.
  async basic() {
    const methods = {
      client_secret_basic: client.ClientSecretBasic, client_secret_post: client.ClientSecretPost,
      client_secret_jwt: client.ClientSecretJwt,
    };
    const auth = methods[settings.method](settings.client_secret);
    const config = await client.discovery(issuer, settings.client_id, undefined, auth, { execute });
    client.enableNonRepudiationChecks(config);
    const { parameters, checks } = await request({ scope: "openid profile offline_access" });
    const tokens = await client.authorizationCodeGrant(
      config, await visit(client.buildAuthorizationUrl(config, parameters)), checks,
    );
    const sub = tokens.claims().sub;
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
    check(userinfo.name === settings.name, `name: ${userinfo.name}`);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
    check(refreshed.claims().sub === sub, "the same subject after a refresh");
    check((await client.tokenIntrospection(config, refreshed.access_token)).active, "active");
    await client.tokenRevocation(config, refreshed.access_token);
    check(!(await client.tokenIntrospection(config, refreshed.access_token)).active, "revoked");
    const own = await client.clientCredentialsGrant(config, { scope: "reports" });
    check(own.access_token && !own.refresh_token, "a token of its own");
    await refused(client.refreshTokenGrant(config, "made-up"), "invalid_grant");
    const end = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.post_logout_redirect_uri, state: "bye",
    });
    check((await visit(end)).searchParams.get("state") === "bye", "back from the sign-out with its state");
  },

  // FAPI 2.0: pushed and signed requests, private_key_jwt, DPoP, JARM.
  async fapi() {
    const key = await crypto.subtle.importKey(
      "jwk", settings.private_key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"],
    );
    const signing = { key, kid: settings.private_key.kid };
    const config = await client.discovery(
      issuer, settings.client_id, undefined,
      client.PrivateKeyJwt(signing, { [client.modifyAssertion]: (_, claims) => { claims.aud = settings.issuer; } }),
      { execute },
    );
    client.useJwtResponseMode(config);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const { parameters, checks } = await request();
    const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, signing);
    const pushed = await client.buildAuthorizationUrlWithPAR(config, signed.searchParams, { DPoP });
    check(!pushed.searchParams.has("request"), "nothing but a name is carried");
    const tokens = await client.authorizationCodeGrant(config, await visit(pushed), checks, undefined, { DPoP });
    check(tokens.token_type === "dpop", tokens.token_type);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
    check(userinfo.name === settings.name, `name: ${userinfo.name}`);
    const stolen = await client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck).catch((error) => error);
    check(stolen instanceof Error, "without its key the token is worth nothing");
  },

  // `code id_token` in the fragment, with c_hash and s_hash checked.
  async hybrid() {
    const config = await client.discovery(issuer, settings.client_id, undefined, client.ClientSecretBasic(settings.client_secret), { execute });
    client.useCodeIdTokenResponseType(config);
    client.enableDetachedSignatureResponseChecks(config);
    const { parameters, checks } = await request();
    const back = await visit(client.buildAuthorizationUrl(config, parameters));
    const tokens = await client.authorizationCodeGrant(config, back, checks);
    check(tokens.claims().nonce === checks.expectedNonce, "nonce");
  },

  // An ID token alone: with no access token, what the scopes name is in it (Core section 5.4).
  async implicit() {
    const config = await client.discovery(issuer, settings.client_id, undefined, client.None(), { execute });
    client.useIdTokenResponseType(config);
    const [state, nonce] = [client.randomState(), client.randomNonce()];
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: settings.redirect_uri, scope: "openid profile", state, nonce,
    });
    const claims = await client.implicitAuthentication(config, await visit(url), nonce, { expectedState: state });
    check(claims.name === settings.name, `name: ${claims.name}`);
  },

  // ID token, userinfo and the authorization response, each encrypted to the portal's key.
  async sealed() {
    const config = await client.discovery(issuer, settings.client_id, undefined, client.ClientSecretBasic(settings.client_secret), { execute });
    const [algorithm, usage] = settings.private_key.kty === "RSA"
      ? [{ name: "RSA-OAEP", hash: "SHA-256" }, "decrypt"] : [{ name: "ECDH", namedCurve: "P-256" }, "deriveBits"];
    const key = await crypto.subtle.importKey("jwk", settings.private_key, algorithm, false, [usage]);
    client.enableDecryptingResponses(config, ["A256GCM"], { key, kid: settings.private_key.kid });
    client.useJwtResponseMode(config);
    const { parameters, checks } = await request();
    const tokens = await client.authorizationCodeGrant(
      config, await visit(client.buildAuthorizationUrl(config, parameters)), checks,
    );
    check(tokens.id_token.split(".").length === 5, "the ID token is encrypted");
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    check(userinfo.name === settings.name, `name: ${userinfo.name}`);
    const sealed = [client.getDecryptedResponses(tokens).authorization_response, client.getDecryptedResponses(userinfo)];
    check(sealed.every((jwt) => jwt.split(".").length === 3), "so are the others");
  },

  // A token for an interface, asked for in the visitor's name (RFC 8707) and exchanged for (RFC 8693).
  async exchange() {
    const config = await client.discovery(issuer, settings.client_id, undefined, client.ClientSecretBasic(settings.client_secret), { execute });
    const { parameters, checks } = await request();
    const tokens = await client.authorizationCodeGrant(
      config, await visit(client.buildAuthorizationUrl(config, parameters)), checks,
    );
    const { resource } = settings;
    const exchanged = await client.genericGrantRequest(config, "urn:ietf:params:oauth:grant-type:token-exchange", {
      subject_token: tokens.access_token, subject_token_type: "urn:ietf:params:oauth:token-type:access_token", resource,
    });
    const claims = JSON.parse(Buffer.from(exchanged.access_token.split(".")[1], "base64url"));
    check(claims.aud === resource && claims.act.sub === settings.client_id, JSON.stringify(claims));
    const again = await request({ resource });
    const other = await client.authorizationCodeGrant(
      config, await visit(client.buildAuthorizationUrl(config, again.parameters)), again.checks, { resource },
    );
    const direct = JSON.parse(Buffer.from(other.access_token.split(".")[1], "base64url"));
    check(direct.aud === resource && direct.act === undefined, JSON.stringify(direct));
  },

  // The device grant, its tokens bound by DPoP: somebody says yes once it has asked for the first time.
  async terminal() {
    const config = await client.discovery(issuer, settings.client_id, undefined, client.None(), { execute });
    const begun = await client.initiateDeviceAuthorization(config, { scope: "openid profile" });
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const asked = new Promise((resolve) => {
      config[client.customFetch] = (...request) => fetch(...request).finally(resolve);
    });
    const polled = client.pollDeviceAuthorizationGrant(config, begun, undefined, { DPoP });
    await Promise.race([asked, polled]);
    await visit(new URL(begun.verification_uri_complete));
    const tokens = await polled;
    check(tokens.token_type === "dpop", tokens.token_type);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
    check(userinfo.name === settings.name, `name: ${userinfo.name}`);
  },

  // RFC 7591, then a flow as the new client.
  async registration() {
    const config = await client.dynamicClientRegistration(
      issuer,
      { redirect_uris: [settings.redirect_uri], client_name: "自行注册的门户", token_endpoint_auth_method: "client_secret_post" },
      undefined, { execute, initialAccessToken: settings.initial_access_token },
    );
    const { parameters, checks } = await request();
    const back = await visit(client.buildAuthorizationUrl(config, parameters));
    const tokens = await client.authorizationCodeGrant(config, back, checks);
    check(tokens.claims().aud === config.clientMetadata().client_id, "aud");
  },
};

await scenarios[settings.scenario]();
console.log(JSON.stringify({ done: true }));
process.exit(0);

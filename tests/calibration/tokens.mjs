// At the token endpoint, at userinfo, and where tokens are asked about and revoked.
import { createHmac } from "node:crypto";
import { assertion, ath, bearer, changed, code, ecKey, jwt, now, post, proof, redeem, tokens } from "./asking.mjs";
import { CHALLENGE, form, http, jwks } from "./servers.mjs";

const FORM = ["content-type", "application/x-www-form-urlencoded"];
const OWN = { grant_type: "client_credentials" };
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const token = (id, params, headers) => (server) => post(server, "token", id, params, headers?.(server));
const redeemed = (id, changes, headers, asked) => async (server) => {
  const params = redeem(id, await code(server, id, asked), changes);
  return post(server, "token", id, params, headers?.(server));
};
const raw = (method, headers, body) => (server) => http(method, server.at("token"), headers(server), body);
// A refresh by a client whose authentication is right, with an assertion as given.
const asserted = (changes, header, by, more = {}) => (server) => post(server, "token", "jwt", {
  grant_type: "refresh_token", refresh_token: "made-up", client_id: "jwt", client_assertion_type: ASSERTION,
  client_assertion: jwt(assertion(server, changes), header, by), ...more,
}, []);
const hmac = (server) => {
  const claims = jwt(assertion(server), { alg: "none" }).split(".")[1];
  const signed = `${Buffer.from('{"alg":"HS256","kid":"key-1"}').toString("base64url")}.${claims}`;
  return `${signed}.${createHmac("sha256", JSON.stringify(jwks.keys[0])).update(signed).digest("base64url")}`;
};
// A code redeemed with DPoP proofs as given.
const bound = (id, proofs) => async (server) => {
  const params = redeem(id, await code(server, id), server.secrets[id] ? {} : { client_id: id });
  const known = server.secrets[id] ? [server.basic(id)] : [];
  return post(server, "token", id, params, [...known, ...proofs(server).map((one) => ["dpop", one])]);
};
const good = (server, by, changes = {}, header = {}) => proof(by, { htm: "POST", htu: server.at("token"), ...changes }, header);
const one = (changes, header) => bound("basic", (server) => [good(server, ecKey(), changes, header)]);

export const tokenRequests = [
  ["nothing at all", "RFC 6749 5.2", token("basic", {})],
  ["the method GET", "RFC 6749 3.2", raw("GET", () => [])],
  ["a body of JSON", "RFC 6749 4.1.3", raw("POST", (server) => [["content-type", "application/json"], server.basic("basic")], '{"grant_type":"client_credentials"}')],
  ["parameters in the query", "RFC 6749 3.2", (server) => http("POST", `${server.at("token")}?${form(OWN)}`, [FORM, server.basic("basic")], "")],
  ["an unknown grant_type", "RFC 6749 5.2", token("basic", { grant_type: "nonsense" })],
  ["the password grant", "RFC 9700 2.4", token("basic", { grant_type: "password", username: "a", password: "b" })],
  ["an empty grant_type", "RFC 6749 3.2", token("basic", { grant_type: "" })],
  ["grant_type twice", "RFC 6749 3.2", token("basic", changed({}, { grant_type: ["client_credentials", "client_credentials"] }))],
  ["a grant that the client did not register", "RFC 6749 5.2", token("other", OWN)],
  ["client_credentials of a public client", "RFC 6749 4.4", token("app", OWN)],

  ["no client", "RFC 6749 5.2", token("basic", OWN, () => [])],
  ["an unknown client", "RFC 6749 5.2", token("basic", OWN, (server) => [server.basic("nobody", "x")])],
  ["an unknown public client", "RFC 6749 5.2", token("app", { ...OWN, client_id: "nobody" }, () => [])],
  ["a wrong secret", "RFC 6749 5.2", token("basic", OWN, (server) => [server.basic("basic", "wrong")])],
  ["no secret", "RFC 6749 2.3.1", token("basic", { ...OWN, client_id: "basic" }, () => [])],
  ["an empty secret", "RFC 6749 2.3.1", token("basic", OWN, (server) => [server.basic("basic", "")])],
  ["the secret in the body, of a client of client_secret_basic", "OIDC Registration 2", (server) => post(server, "token", "basic", { ...OWN, client_id: "basic", client_secret: server.secrets.basic }, [])],
  ["the secret in the header, of a client of client_secret_post", "OIDC Registration 2", (server) => post(server, "token", "post", { grant_type: "refresh_token", refresh_token: "x" }, [server.basic("post")])],
  ["a wrong secret in the body", "RFC 6749 5.2", token("post", { ...OWN, client_id: "post", client_secret: "wrong" }, () => [])],
  ["two ways of authentication", "RFC 6749 2.3", (server) => post(server, "token", "basic", { ...OWN, client_secret: server.secrets.basic }, [server.basic("basic")])],
  ["another client_id in the body", "RFC 6749 2.3", token("basic", { ...OWN, client_id: "other" }, (server) => [server.basic("basic")])],
  ["a Basic header that is no base64", "RFC 7617 2", token("basic", OWN, () => [["authorization", "Basic %%%"]])],
  ["a Basic header without a colon", "RFC 7617 2", token("basic", OWN, () => [["authorization", `Basic ${Buffer.from("basic").toString("base64")}`]])],
  ["another scheme", "RFC 6749 2.3", token("basic", OWN, () => [["authorization", "Digest x"]])],
  ["a secret of a public client", "OIDC Registration 2", token("app", { grant_type: "refresh_token", refresh_token: "x", client_id: "app", client_secret: "x" }, () => [])],
  ["client_secret twice", "RFC 6749 3.2", (server) => post(server, "token", "post", [["grant_type", "refresh_token"], ["refresh_token", "x"], ["client_id", "post"], ["client_secret", server.secrets.post], ["client_secret", "x"]], [])],

  ["an assertion by another's key", "RFC 7523 3", asserted({}, {}, ecKey())],
  ["one that has expired", "RFC 7523 3", asserted({ exp: 1000 })],
  ["one without exp", "RFC 7523 3", asserted({ exp: undefined })],
  ["one for somebody else", "RFC 7523 3", asserted({ aud: "https://other.example" })],
  ["one without aud", "RFC 7523 3", asserted({ aud: undefined })],
  ["one whose sub is another", "RFC 7523 3", asserted({ sub: "basic" })],
  ["one whose iss is another", "RFC 7523 3", asserted({ iss: "basic" })],
  ["one without jti", "OIDC Core 9", asserted({ jti: undefined })],
  ["one that is not good yet", "RFC 7523 3", asserted({ nbf: now() + 3600 })],
  ["one that was made in the future", "RFC 7523 3", asserted({ iat: now() + 3600 })],
  ["one that nobody signed", "RFC 7523 3", asserted({}, { alg: "none" })],
  ["one signed with the public key as a secret", "RFC 8725 3.1", (server) => post(server, "token", "jwt", { grant_type: "refresh_token", refresh_token: "x", client_assertion_type: ASSERTION, client_assertion: hmac(server) }, [])],
  ["one of an unknown kid", "RFC 7515 4.1.4", asserted({}, { kid: "unknown" })],
  ["one that is no JWT", "RFC 7523 3", token("jwt", { ...OWN, client_id: "jwt", client_assertion_type: ASSERTION, client_assertion: "nonsense" }, () => [])],
  ["an assertion of another type", "RFC 7521 4.2", asserted({}, {}, undefined, { client_assertion_type: "urn:x" })],
  ["an assertion without its type", "RFC 7521 4.2", (server) => post(server, "token", "jwt", { ...OWN, client_id: "jwt", client_assertion: jwt(assertion(server)) }, [])],
  ["an assertion of a client of client_secret_basic", "OIDC Registration 2", (server) => post(server, "token", "keyed", { grant_type: "refresh_token", refresh_token: "x", client_assertion_type: ASSERTION, client_assertion: jwt(assertion(server, { iss: "keyed", sub: "keyed" })) }, [])],
  ["an assertion a second time", "RFC 7523 3, OIDC Core 9", async (server) => {
    const params = { grant_type: "refresh_token", refresh_token: "x", client_assertion_type: ASSERTION, client_assertion: jwt(assertion(server)) };
    await post(server, "token", "jwt", params, []);
    return post(server, "token", "jwt", params, []);
  }],

  ["no code", "RFC 6749 4.1.3", token("basic", redeem("basic", undefined))],
  ["a code that nobody gave", "RFC 6749 5.2", token("basic", redeem("basic", "made-up"))],
  ["another client's code", "RFC 6749 5.2", async (server) => post(server, "token", "other", redeem("basic", await code(server, "basic")))],
  ["a code twice in one request", "RFC 6749 3.2", async (server) => {
    const found = await code(server, "basic");
    return post(server, "token", "basic", [...redeem("basic", found), ["code", found]]);
  }],
  ["a code a second time", "RFC 6749 4.1.2", async (server) => {
    const params = redeem("basic", await code(server, "basic"));
    await post(server, "token", "basic", params);
    return post(server, "token", "basic", params);
  }],
  ["another redirect_uri", "RFC 6749 4.1.3", redeemed("basic", { redirect_uri: "https://other.example/callback" })],
  ["no redirect_uri", "RFC 6749 4.1.3", redeemed("basic", { redirect_uri: undefined })],
  ["no verifier", "RFC 7636 4.6", redeemed("basic", { code_verifier: undefined })],
  ["a wrong verifier", "RFC 7636 4.6", redeemed("basic", { code_verifier: "x".repeat(43) })],
  ["a verifier that is too short", "RFC 7636 4.1", redeemed("basic", { code_verifier: "short" })],
  ["the challenge as the verifier", "RFC 7636 4.6", redeemed("basic", { code_verifier: CHALLENGE })],
  ["a verifier where no challenge was", "RFC 9700 4.8.2", redeemed("basic", {}, undefined, { code_challenge: undefined, code_challenge_method: undefined })],
  ["a resource that was not asked for", "RFC 8707 2.2", redeemed("basic", { resource: "https://unknown.example/" })],
  ["a refresh without its token", "RFC 6749 6", token("basic", { grant_type: "refresh_token" })],
  ["a refresh token that nobody gave", "RFC 6749 5.2", token("basic", { grant_type: "refresh_token", refresh_token: "made-up" })],
  ["another client's refresh token", "RFC 6749 5.2", async (server) => {
    const got = await tokens(server, "basic", { scope: "openid offline_access" });
    return post(server, "token", "other", { grant_type: "refresh_token", refresh_token: got.refresh_token });
  }],
  ["a refresh for more than was granted", "RFC 6749 6", async (server) => {
    const got = await tokens(server, "basic", { scope: "openid offline_access" });
    return post(server, "token", "basic", { grant_type: "refresh_token", refresh_token: got.refresh_token, scope: "openid profile" });
  }],
  ["an access token as a refresh token", "RFC 6749 5.2", async (server) => {
    const got = await tokens(server, "basic");
    return post(server, "token", "basic", { grant_type: "refresh_token", refresh_token: got.access_token });
  }],
  ["a public client's refresh token that was rotated away", "RFC 9700 4.14.2", async (server) => {
    const got = await tokens(server, "app", { scope: "openid offline_access" });
    let last = got.refresh_token;
    for (let times = 0; times < 2; times++) {
      const reply = await post(server, "token", "app", { grant_type: "refresh_token", refresh_token: last, client_id: "app" }, []);
      last = JSON.parse(reply.body).refresh_token;
    }
    return post(server, "token", "app", { grant_type: "refresh_token", refresh_token: got.refresh_token, client_id: "app" }, []);
  }],
  ["a scope that nobody knows", "RFC 6749 5.2", token("basic", { ...OWN, scope: "unknown" })],
  ["a client's own token with openid", "OIDC Core 3.1.2.1", token("basic", { ...OWN, scope: "openid" })],
  ["a client's own token for an unknown resource", "RFC 8707 2.2", token("basic", { ...OWN, resource: "https://unknown.example/" })],
  ["no device_code", "RFC 8628 3.4", token("terminal", { grant_type: DEVICE, client_id: "terminal" }, () => [])],
  ["a device_code that nobody gave", "RFC 8628 3.5", token("terminal", { grant_type: DEVICE, client_id: "terminal", device_code: "made-up" }, () => [])],
  ["a device_code that nobody has allowed", "RFC 8628 3.5", async (server) => {
    const begun = JSON.parse((await post(server, "device_authorization", "terminal", { client_id: "terminal", scope: "openid" }, [])).body);
    return post(server, "token", "terminal", { grant_type: DEVICE, client_id: "terminal", device_code: begun.device_code }, []);
  }],
  ["a device_code asked for too often", "RFC 8628 3.5", async (server) => {
    const begun = JSON.parse((await post(server, "device_authorization", "terminal", { client_id: "terminal", scope: "openid" }, [])).body);
    const params = { grant_type: DEVICE, client_id: "terminal", device_code: begun.device_code };
    await post(server, "token", "terminal", params, []);
    return post(server, "token", "terminal", params, []);
  }],

  ["a DPoP proof that is none", "RFC 9449 5", bound("basic", () => ["nonsense"])],
  ["two proofs", "RFC 9449 4.3", bound("basic", (server) => [good(server, ecKey()), good(server, ecKey())])],
  ["a proof of another typ", "RFC 9449 4.3", one({}, { typ: "JWT" })],
  ["a proof that nobody signed", "RFC 9449 4.3", one({}, { alg: "none" })],
  ["a proof without a key", "RFC 9449 4.3", one({}, { jwk: undefined })],
  ["a proof with a private key", "RFC 9449 4.3", bound("basic", (server) => {
    const by = ecKey();
    return [good(server, by, {}, { jwk: by.privateKey.export({ format: "jwk" }) })];
  })],
  ["a proof by another key than it names", "RFC 9449 4.3", bound("basic", (server) => {
    const { kty, crv, x, y } = ecKey().publicKey.export({ format: "jwk" });
    return [good(server, ecKey(), {}, { jwk: { kty, crv, x, y } })];
  })],
  ["a proof for another method", "RFC 9449 4.3", one({ htm: "GET" })],
  ["a proof for another address", "RFC 9449 4.3", one({ htu: "https://other.example/token" })],
  ["a proof without htu", "RFC 9449 4.3", one({ htu: undefined })],
  ["a proof without jti", "RFC 9449 4.3", one({ jti: undefined })],
  ["a proof without iat", "RFC 9449 4.3", one({ iat: undefined })],
  ["a proof of an hour ago", "RFC 9449 4.3", one({ iat: now() - 3600 })],
  ["a proof of an hour hence", "RFC 9449 4.3", one({ iat: now() + 3600 })],
  ["a proof a second time", "RFC 9449 11.1", async (server) => {
    const proofs = [good(server, ecKey())];
    await bound("basic", () => proofs)(server);
    return bound("basic", () => proofs)(server);
  }],
  ["no proof of a client that must show one", "RFC 9449 5.2", bound("bound", () => [])],
  ["another key than dpop_jkt", "RFC 9449 10", async (server) => {
    const params = redeem("basic", await code(server, "basic", { dpop_jkt: "x".repeat(43) }));
    return post(server, "token", "basic", params, [server.basic("basic"), ["dpop", good(server, ecKey())]]);
  }],
  ["a public client's refresh with another key", "RFC 9449 5", async (server) => {
    const got = await tokens(server, "app", { scope: "openid offline_access" }, [["dpop", good(server, ecKey())]]);
    return post(server, "token", "app", { grant_type: "refresh_token", refresh_token: got.refresh_token, client_id: "app" }, [["dpop", good(server, ecKey())]]);
  }],
];

const userinfo = (headers, path = "", method = "GET", body = undefined) => (server) =>
  http(method, server.at("userinfo") + path, headers, body);
const shown = (show) => async (server) => {
  const by = ecKey();
  const got = await tokens(server, "basic", {}, [["dpop", good(server, by)]]);
  const about = { htm: "GET", htu: server.at("userinfo"), ath: ath(got.access_token) };
  return http("GET", server.at("userinfo"), show(got.access_token, about, by));
};
const plain = (show) => async (server) => show(server, (await tokens(server, "basic")).access_token);
const own = async (server) => JSON.parse((await post(server, "token", "basic", OWN)).body).access_token;

export const resourceRequests = [
  ["no token", "RFC 6750 3", userinfo([])],
  ["a token that nobody gave", "RFC 6750 3.1", userinfo([bearer("made-up")])],
  ["a token in the query", "RFC 9700 4.3.2", plain((server, access) => http("GET", `${server.at("userinfo")}?access_token=${access}`))],
  ["a token in header and body", "RFC 6750 2", plain((server, access) => http("POST", server.at("userinfo"), [FORM, bearer(access)], form({ access_token: access })))],
  ["the scheme Basic", "RFC 6750 2.1", (server) => http("GET", server.at("userinfo"), [server.basic("basic")])],
  ["Bearer without a token", "RFC 6750 2.1", userinfo([["authorization", "Bearer"]])],
  ["two tokens in one header", "RFC 6750 2.1", userinfo([["authorization", "Bearer a b"]])],
  ["a client's own token", "OIDC Core 5.3", async (server) => http("GET", server.at("userinfo"), [bearer(await own(server))])],
  ["an ID token", "OIDC Core 5.3", async (server) => http("GET", server.at("userinfo"), [bearer((await tokens(server, "basic")).id_token)])],
  ["the method DELETE", "OIDC Core 5.3", plain((server, access) => http("DELETE", server.at("userinfo"), [bearer(access)]))],
  ["a bound token as a Bearer token", "RFC 9449 7.2", shown((access) => [bearer(access)])],
  ["a bound token without a proof", "RFC 9449 7.1", shown((access) => [bearer(access, "DPoP")])],
  ["a proof without ath", "RFC 9449 4.3", shown((access, about, by) => [bearer(access, "DPoP"), ["dpop", proof(by, { ...about, ath: undefined })]])],
  ["a proof for another token", "RFC 9449 4.3", shown((access, about, by) => [bearer(access, "DPoP"), ["dpop", proof(by, { ...about, ath: ath("x") })]])],
  ["a proof by another key", "RFC 9449 7.1", shown((access, about) => [bearer(access, "DPoP"), ["dpop", proof(ecKey(), about)]])],
  ["a Bearer token as a bound one", "RFC 9449 7.1", plain((server, access) => http("GET", server.at("userinfo"), [bearer(access, "DPoP"), ["dpop", proof(ecKey(), { htm: "GET", htu: server.at("userinfo"), ath: ath(access) })]]))],
  ["a token whose code came a second time", "RFC 6749 4.1.2", async (server) => {
    const params = redeem("basic", await code(server, "basic"));
    const got = JSON.parse((await post(server, "token", "basic", params)).body);
    await post(server, "token", "basic", params);
    return http("GET", server.at("userinfo"), [bearer(got.access_token)]);
  }],
];

export const introspectionAndRevocationRequests = ["introspection", "revocation"].flatMap((endpoint) => {
  const spec = endpoint === "introspection" ? "RFC 7662 2" : "RFC 7009 2";
  const ask = (id, params, headers) => (server) => post(server, endpoint, id, params, headers?.(server));
  return [
    [`${endpoint}: nobody asks`, spec, ask("basic", { token: "x" }, () => [])],
    [`${endpoint}: a wrong secret`, spec, ask("basic", { token: "x" }, (server) => [server.basic("basic", "wrong")])],
    [`${endpoint}: no token`, spec, ask("basic", {})],
    [`${endpoint}: a token twice`, spec, ask("basic", [["token", "x"], ["token", "y"]])],
    [`${endpoint}: what is no token`, spec, ask("basic", { token: "made-up" })],
    [`${endpoint}: what is no token, of an unknown kind`, spec, ask("basic", { token: "made-up", token_type_hint: "unknown" })],
    [`${endpoint}: another client's token`, spec, async (server) => post(server, endpoint, "other", { token: (await tokens(server, "basic")).access_token })],
    [`${endpoint}: a public client asks`, spec, ask("app", { token: "x", client_id: "app" }, () => [])],
    [`${endpoint}: the method GET`, spec, (server) => http("GET", `${server.at(endpoint)}?token=x`, [server.basic("basic")])],
    [`${endpoint}: a body of JSON`, spec, (server) => http("POST", server.at(endpoint), [["content-type", "application/json"], server.basic("basic")], '{"token":"x"}')],
  ];
});

// Pushed requests, devices, clients that register themselves, and the end of a session.
import { authorization, authorize, changed, code, jwt, post, tokens } from "./asking.mjs";
import { form, http } from "./servers.mjs";

const PAR = "RFC 9126";
const push = (id, changes, headers) => (server) =>
  post(server, "pushed_authorization_request", id, authorization(id, changes), headers?.(server));
const pushed = async (server, id) => JSON.parse((await push(id)(server)).body).request_uri;

export const pushedRequests = [
  ["nobody pushes", `${PAR} 2.1`, push("basic", { client_id: undefined }, () => [])],
  ["a client without its secret", `${PAR} 2.1`, push("basic", {}, () => [])],
  ["a wrong secret", `${PAR} 2.1`, push("basic", {}, (server) => [server.basic("basic", "wrong")])],
  ["another client's request", `${PAR} 2.1`, push("basic", { client_id: "other" })],
  ["a request_uri", `${PAR} 2.1`, push("basic", { request_uri: "urn:ietf:params:oauth:request_uri:x" })],
  ["the method GET", `${PAR} 2.1`, (server) => http("GET", `${server.at("pushed_authorization_request")}?${form(authorization("basic"))}`, [server.basic("basic")])],
  ["a body of JSON", `${PAR} 2.1`, (server) => http("POST", server.at("pushed_authorization_request"), [["content-type", "application/json"], server.basic("basic")], "{}")],
  ["a redirect_uri that is not registered", `${PAR} 2.3`, push("basic", { redirect_uri: "https://evil.example/" })],
  ["no redirect_uri", `${PAR} 2.3`, push("basic", { redirect_uri: undefined })],
  ["no response_type", `${PAR} 2.3`, push("basic", { response_type: undefined })],
  ["a response_type that is not registered", `${PAR} 2.3`, push("basic", { response_type: "code id_token" })],
  ["plain PKCE", `${PAR} 2.3, RFC 9700 2.1.1`, push("basic", { code_challenge_method: "plain" })],
  ["a public client without PKCE", `${PAR} 2.3, RFC 9700 2.1.1`, push("app", { code_challenge: undefined, code_challenge_method: undefined }, () => [])],
  ["no openid in scope", `${PAR} 2.3`, push("basic", { scope: "profile" })],
  ["an unknown response_mode", `${PAR} 2.3`, push("basic", { response_mode: "nonsense" })],
  ["prompt=none login", `${PAR} 2.3`, push("basic", { prompt: "none login" })],
  ["an unknown resource", `${PAR} 2.3, RFC 8707 2.1`, push("basic", { resource: "https://unknown.example/" })],
  ["a request object that is none", `${PAR} 3`, push("keyed", { request: "nonsense" })],
  ["a request object that nobody signed", `${PAR} 3`, (server) => push("keyed", { request: jwt({ client_id: "keyed", aud: server.issuer }, { alg: "none" }) })(server)],
  ["a request that should have been signed", "RFC 9101 10.5", push("signed", {})],
  ["another client's pushed request", `${PAR} 4`, async (server) => authorize(server, "other", { request_uri: await pushed(server, "basic") })],
  ["a pushed request a second time", `${PAR} 4`, async (server) => {
    const [request_uri, jar] = [await pushed(server, "basic"), await server.signedIn()];
    await authorize(server, "basic", { request_uri }, jar);
    return authorize(server, "basic", { request_uri }, jar);
  }],
];

const device = (id, params, headers = () => []) => (server) => post(server, "device_authorization", id, params, headers(server));
export const deviceRequests = [
  ["nobody asks", "RFC 8628 3.1", device("terminal", {})],
  ["an unknown client", "RFC 8628 3.1", device("terminal", { client_id: "nobody" })],
  ["a client that did not register the grant", "RFC 8628 3.1", device("basic", {}, (server) => [server.basic("basic")])],
  ["scope twice", "RFC 8628 3.1", device("terminal", [["client_id", "terminal"], ["scope", "openid"], ["scope", "openid"]])],
  ["no openid in scope", "RFC 8628 3.1", device("terminal", { client_id: "terminal", scope: "profile" })],
  ["the method GET", "RFC 8628 3.1", (server) => http("GET", `${server.at("device_authorization")}?client_id=terminal`)],
];

const DCR = "RFC 7591 3.2.2";
const json = ["content-type", "application/json"];
const least = { redirect_uris: ["https://new.example/callback"], client_name: "new" };
const register = (changes) => (server) => http("POST", server.at("registration"), [json], JSON.stringify({ ...least, ...changes }));
const manage = (method, change = (it) => it, body = undefined) => async (server) => {
  const told = JSON.parse((await register({})(server)).body);
  const { uri, token } = change({ uri: told.registration_client_uri, token: told.registration_access_token });
  const headers = [...(token ? [["authorization", `Bearer ${token}`]] : []), ...(body ? [json] : [])];
  return http(method, uri, headers, body && JSON.stringify(body(told)));
};

export const registrations = [
  ["what is no JSON", DCR, (server) => http("POST", server.at("registration"), [json], "nonsense")],
  ["an array", DCR, (server) => http("POST", server.at("registration"), [json], "[]")],
  ["a form", "RFC 7591 3.1", (server) => http("POST", server.at("registration"), [["content-type", "application/x-www-form-urlencoded"]], "client_name=x")],
  ["no redirect_uris", DCR, register({ redirect_uris: undefined })],
  ["empty redirect_uris", DCR, register({ redirect_uris: [] })],
  ["redirect_uris that are a text", DCR, register({ redirect_uris: "https://new.example/callback" })],
  ["a redirect_uri with a fragment", `${DCR}, RFC 6749 3.1.2`, register({ redirect_uris: ["https://new.example/#x"] })],
  ["a relative redirect_uri", DCR, register({ redirect_uris: ["/callback"] })],
  ["a redirect_uri over http", "OIDC Registration 2, RFC 9700 2.6", register({ redirect_uris: ["http://new.example/callback"] })],
  ["javascript: as a redirect_uri", DCR, register({ redirect_uris: ["javascript:alert(1)"] })],
  ["data: as a redirect_uri", DCR, register({ redirect_uris: ["data:text/html,x"] })],
  ["an app's own scheme of a web client", "OIDC Registration 2", register({ redirect_uris: ["com.example.app:/callback"] })],
  ["http of any host, of a native client", "OIDC Registration 2", register({ application_type: "native", redirect_uris: ["http://new.example/callback"] })],
  ["an unknown application_type", DCR, register({ application_type: "nonsense" })],
  ["an unknown response_type", DCR, register({ response_types: ["nonsense"] })],
  ["an unknown grant_type", DCR, register({ grant_types: ["nonsense"] })],
  ["a response_type without its grant", "RFC 7591 2.1", register({ response_types: ["code"], grant_types: ["client_credentials"] })],
  ["an unknown way of authentication", DCR, register({ token_endpoint_auth_method: "nonsense" })],
  ["private_key_jwt without keys", DCR, register({ token_endpoint_auth_method: "private_key_jwt" })],
  ["jwks and jwks_uri", "RFC 7591 2", register({ jwks: { keys: [] }, jwks_uri: "https://new.example/jwks" })],
  ["jwks that are a text", DCR, register({ jwks: "x" })],
  ["a private key in jwks", "RFC 7517 9.2", register({ jwks: { keys: [{ kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }] } })],
  ["a secret in jwks", "RFC 7517 9.2", register({ jwks: { keys: [{ kty: "oct", k: "AAAA" }] } })],
  ["a jwks_uri over http", DCR, register({ jwks_uri: "http://new.example/jwks" })],
  ["an unknown subject_type", DCR, register({ subject_type: "nonsense" })],
  ["id_token_signed_response_alg none", "OIDC Registration 2", register({ id_token_signed_response_alg: "none" })],
  ["an unknown id_token_signed_response_alg", DCR, register({ id_token_signed_response_alg: "XX256" })],
  ["a logo_uri that is none", DCR, register({ logo_uri: "nonsense" })],
  ["javascript: as a client_uri", "RFC 7591 5", register({ client_uri: "javascript:alert(1)" })],
  ["an initiate_login_uri over http", "OIDC Registration 2", register({ initiate_login_uri: "http://new.example/login" })],
  ["a default_max_age that is a text", DCR, register({ default_max_age: "x" })],
  ["a negative default_max_age", DCR, register({ default_max_age: -1 })],
  ["a require_auth_time that is a text", DCR, register({ require_auth_time: "yes" })],
  ["contacts that are a text", DCR, register({ contacts: "x" })],
  ["a client_name that is a number", DCR, register({ client_name: 1 })],
  ["request_uris over http", "OIDC Core 6.2", register({ request_uris: ["http://new.example/request"] })],
  ["a post_logout_redirect_uri with a fragment", DCR, register({ post_logout_redirect_uris: ["https://new.example/#x"] })],
  ["a scope that nobody knows", DCR, register({ scope: "openid unknown" })],
  ["a member that nobody knows", "RFC 7591 2", register({ unknown_member: "x" })],
  ["reading without a token", "RFC 7592 2.1", manage("GET", ({ uri }) => ({ uri }))],
  ["reading with another token", "RFC 7592 2.1", manage("GET", ({ uri }) => ({ uri, token: "made-up" }))],
  ["another client's registration", "RFC 7592 2.1", manage("GET", ({ uri, token }) => ({ uri: uri.replace(/[^/]+$/, "basic"), token }))],
  ["a registration that is not there", "RFC 7592 2.1", manage("GET", ({ uri, token }) => ({ uri: uri.replace(/[^/]+$/, "nobody"), token }))],
  ["replacing without client_id", "RFC 7592 2.2", manage("PUT", undefined, () => least)],
  ["replacing with another client_id", "RFC 7592 2.2", manage("PUT", undefined, () => ({ ...least, client_id: "other" }))],
  ["replacing with another client_secret", "RFC 7592 2.2", manage("PUT", undefined, (told) => ({ ...least, client_id: told.client_id, client_secret: "another" }))],
  ["replacing the registration_access_token", "RFC 7592 2.2", manage("PUT", undefined, (told) => ({ ...least, client_id: told.client_id, registration_access_token: "x" }))],
  ["deleting without a token", "RFC 7592 2.3", manage("DELETE", ({ uri }) => ({ uri }))],
  ["reading what was deleted", "RFC 7592 2.3", async (server) => {
    const told = JSON.parse((await register({})(server)).body);
    const headers = [["authorization", `Bearer ${told.registration_access_token}`]];
    await http("DELETE", told.registration_client_uri, headers);
    return http("GET", told.registration_client_uri, headers);
  }],
];

const out = (params, signedIn = false) => async (server) => {
  const fields = typeof params === "function" ? await params(server) : params;
  const jar = signedIn ? await server.signedIn() : {};
  return server.browse(jar, "GET", `${server.at("end_session")}?${form(changed(fields, {}))}`);
};
const hint = async (server) => (await tokens(server, "basic")).id_token;

export const signOuts = [
  ["a hint that is none", "RP-Initiated Logout 2", out({ id_token_hint: "nonsense" })],
  ["a hint that nobody signed", "RP-Initiated Logout 2", out((server) => ({ id_token_hint: jwt({ iss: server.issuer, aud: "basic", sub: "x" }, { alg: "none" }) }))],
  ["a hint for another client", "RP-Initiated Logout 2", out(async (server) => ({ id_token_hint: await hint(server), client_id: "other" }))],
  ["an address that is not registered", "RP-Initiated Logout 3", out(async (server) => ({ id_token_hint: await hint(server), post_logout_redirect_uri: "https://evil.example/" }))],
  ["another client's address", "RP-Initiated Logout 3", out(async (server) => ({ id_token_hint: await hint(server), post_logout_redirect_uri: "https://other.example/" }))],
  ["an address, and nobody says whose", "RP-Initiated Logout 3", out({ post_logout_redirect_uri: "https://basic.example/" })],
  ["an unknown client", "RP-Initiated Logout 2", out({ client_id: "nobody", post_logout_redirect_uri: "https://basic.example/" })],
  ["an address twice", "RFC 6749 3.1", out({ client_id: "basic", post_logout_redirect_uri: ["https://basic.example/", "https://basic.example/"] })],
  ["an access token as a hint", "RP-Initiated Logout 2", out(async (server) => ({ id_token_hint: (await tokens(server, "basic")).access_token }))],
  ["a code as a hint", "RP-Initiated Logout 2", out(async (server) => ({ id_token_hint: await code(server, "basic") }))],
];

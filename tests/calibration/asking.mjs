// How a server is asked, and what its answer comes to, in a few words that both can be compared by.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { CHALLENGE, VERIFIER, form, http, key } from "./servers.mjs";

export const now = () => Math.floor(Date.now() / 1000);
const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

// undefined removes; an array repeats.
export function changed(params, changes) {
  const all = Object.entries({ ...params, ...changes }).filter(([, value]) => value !== undefined);
  return all.flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
}

export function authorization(id, changes = {}) {
  const redirect_uri = id === "twice" ? "https://twice.example/a" : `https://${id}.example/callback`;
  return changed({
    client_id: id, redirect_uri, response_type: "code", scope: "openid profile", state: "state-1", nonce: "nonce-1",
    code_challenge: CHALLENGE, code_challenge_method: "S256",
  }, changes);
}

// An authorization request of a visitor; nobody is signed in unless `jar` says who.
export const authorize = (server, id, changes, jar = {}) =>
  server.browse(jar, "GET", `${server.at("authorization")}?${form(authorization(id, changes))}`);

export async function code(server, id, changes = {}) {
  const reply = await authorize(server, id, changes, await server.signedIn());
  const found = new URL(reply.headers.location ?? "http://none/").searchParams.get("code");
  if (!found) throw new Error(`${server.issuer}: no code for ${id}: ${reply.status} ${reply.headers.location}`);
  return found;
}

// A request to an endpoint for programs, with the client's usual authentication unless headers say otherwise.
export function post(server, endpoint, id, params, headers = undefined) {
  const fields = Array.isArray(params) ? [...params] : changed(params, {});
  const known = headers ?? (server.secrets[id] && !["post", "jwt"].includes(id) ? [server.basic(id)] : []);
  if (headers === undefined && !known.length && !fields.some(([name]) => name === "client_id")) fields.push(["client_id", id]);
  if (headers === undefined && id === "post") fields.push(["client_secret", server.secrets.post]);
  const all = [["content-type", "application/x-www-form-urlencoded"], ["accept", "application/json"], ...known];
  return http("POST", server.at(endpoint), all, form(fields));
}

export const redeem = (id, found, changes = {}) => changed({
  grant_type: "authorization_code", code: found, redirect_uri: `https://${id}.example/callback`, code_verifier: VERIFIER,
}, changes);

// The whole flow; gives the token response.
export async function tokens(server, id, changes = {}, headers = []) {
  const known = server.secrets[id] && id !== "post" ? [server.basic(id)] : [];
  const params = redeem(id, await code(server, id, changes), known.length ? {} : { client_id: id });
  const reply = await post(server, "token", id, params, [...known, ...headers]);
  if (reply.status !== 200) throw new Error(`${server.issuer}: no tokens for ${id}: ${reply.body}`);
  return JSON.parse(reply.body);
}

// A JWT by any key with any header; `none` is unsigned.
export function jwt(claims, header = {}, by = key) {
  const head = { alg: "ES256", kid: "key-1", ...header };
  const signed = `${base64url(head)}.${base64url(claims)}`;
  if (head.alg === "none") return `${signed}.`;
  return `${signed}.${sign("sha256", Buffer.from(signed), { key: by.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

export const assertion = (server, changes = {}) => ({
  iss: "jwt", sub: "jwt", aud: server.issuer, jti: randomBytes(16).toString("hex"), iat: now(), exp: now() + 60, ...changes,
});

export const requestObject = (server, id, changes = {}) => ({
  iss: id, aud: server.issuer, iat: now(), nbf: now(), exp: now() + 60, jti: randomBytes(16).toString("hex"),
  ...Object.fromEntries(authorization(id)), ...changes,
});

export const ecKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

export function proof(by, claims, header = {}) {
  const { kty, crv, x, y } = by.publicKey.export({ format: "jwk" });
  const about = { jti: randomBytes(16).toString("hex"), iat: now(), ...claims };
  return jwt(about, { typ: "dpop+jwt", kid: undefined, jwk: { kty, crv, x, y }, ...header }, by);
}

export const ath = (token) => createHash("sha256").update(token).digest("base64url");

export const bearer = (token, scheme = "Bearer") => ["authorization", `${scheme} ${token}`];

// What the answer comes to: where the visitor is led, or what the program is told.
export function summary(server, reply) {
  const challenges = [reply.headers["www-authenticate"] ?? []].flat().map((one) => one.split(/[ ,]/)[0]);
  const challenge = challenges.length ? ` (${challenges.join(", ")})` : "";
  if (reply.headers.location) return led(server, new URL(reply.headers.location, server.issuer));
  const kind = reply.headers["content-type"] ?? "";
  if (kind.includes("json")) {
    const told = JSON.parse(reply.body);
    const what = told.error ?? (told.active === undefined ? "ok" : `active: ${told.active}`);
    return `${reply.status} ${what}${challenge}`;
  }
  if (kind.includes("html")) {
    const error = reply.body.match(/name="error" value="([a-z_]+)"/);
    return error ? `form_post ${error[1]}` : `${reply.status} page`;
  }
  return `${reply.status}${challenge}`;
}

function led(server, url) {
  if (url.origin === server.issuer) {
    return server.isSignIn(url.pathname) ? "goes on to the sign-in" : `goes on to ${url.pathname.split("/")[1]}`;
  }
  const told = new URLSearchParams(url.hash ? url.hash.slice(1) : url.search);
  const response = told.get("response");
  const parameters = response ? JSON.parse(Buffer.from(response.split(".")[1], "base64url")) : Object.fromEntries(told);
  const how = `${response ? "JWT in " : ""}${url.hash ? "fragment" : "query"}`;
  const what = parameters.error ?? (parameters.code ? "a code" : Object.keys(parameters).join(", ") || "back");
  return `${how}: ${what}`;
}

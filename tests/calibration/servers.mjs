// The two servers, with the same clients: ours (the built program) and oidc-provider from npm.
import { execFileSync, spawn } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const RESOURCE = "https://reports.example/api";
export const VERIFIER = "a-code-verifier-that-is-long-enough-for-rfc7636";
export const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");
const PASSWORD = "Jlrs2026";

export const key = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const jwks = { keys: [{ ...key.publicKey.export({ format: "jwk" }), kid: "key-1", alg: "ES256", use: "sig" }] };

const code = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] };
const basic = { ...code, token_endpoint_auth_method: "client_secret_basic" };
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
// Each is also the host of its redirect URI.
const clients = {
  basic: { ...basic, grant_types: [...basic.grant_types, "client_credentials"] },
  other: basic,
  post: { ...code, token_endpoint_auth_method: "client_secret_post" },
  jwt: { ...code, token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "ES256", jwks },
  app: { ...code, token_endpoint_auth_method: "none" },
  pushed: { ...basic, require_pushed_authorization_requests: true },
  signed: { ...basic, require_signed_request_object: true, request_object_signing_alg: "ES256", jwks },
  keyed: { ...basic, jwks },
  bound: { ...basic, dpop_bound_access_tokens: true },
  hybrid: { ...basic, response_types: ["code id_token", "id_token"], grant_types: [...basic.grant_types, "implicit"] },
  terminal: { grant_types: [DEVICE], response_types: [], redirect_uris: [], token_endpoint_auth_method: "none" },
  details: { ...basic, authorization_details_types: ["tax_filing"] },
  twice: { ...basic, redirect_uris: ["https://twice.example/a", "https://twice.example/b"] },
};

function metadata(id) {
  return {
    client_name: `client ${id}`, redirect_uris: [`https://${id}.example/callback`], scope: "openid profile offline_access reports",
    ...(clients[id].redirect_uris?.length === 0 ? {} : { post_logout_redirect_uris: [`https://${id}.example/`] }),
    ...clients[id],
  };
}

// Raw HTTP, so that a header can be sent twice and nothing is followed or mended.
export function http(method, url, headers = [], body = undefined) {
  return new Promise((resolve, reject) => {
    const raw = [...headers];
    if (body !== undefined) raw.push(["content-length", Buffer.byteLength(body)]);
    const names = {};
    for (const [name, value] of raw) names[name] = name in names ? [names[name], value].flat() : value;
    const outgoing = request(url, { method, headers: names }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (part) => (text += part));
      incoming.on("end", () => resolve({ status: incoming.statusCode, headers: incoming.headers, body: text }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export const form = (params) => new URLSearchParams(params).toString();

class Server {
  secrets = {};

  async discover() {
    this.metadata = JSON.parse((await http("GET", `${this.issuer}/.well-known/openid-configuration`)).body);
    return this;
  }

  at(name) {
    return this.metadata[`${name}_endpoint`];
  }

  // A browser's request; `jar` is its cookies.
  async browse(jar, method, url, headers = [], body = undefined) {
    const cookies = Object.entries(jar).map(([name, value]) => `${name}=${value}`).join("; ");
    const all = [["accept", "text/html"], ...(cookies ? [["cookie", cookies]] : []), ...headers];
    const reply = await http(method, url, all, body);
    for (const cookie of reply.headers["set-cookie"] ?? []) {
      const [name, value] = cookie.split(";")[0].split(/=(.*)/s);
      if (value) jar[name] = value;
      else delete jar[name];
    }
    return reply;
  }

  submit(jar, url, fields) {
    const headers = [["content-type", "application/x-www-form-urlencoded"], ["sec-fetch-site", "same-origin"]];
    return this.browse(jar, "POST", new URL(url, this.issuer).href, headers, form(fields));
  }

  basic(id, secret = this.secrets[id]) {
    return ["authorization", `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`];
  }
}

class Ours extends Server {
  async signedIn() {
    const jar = {};
    await this.browse(jar, "GET", `${this.issuer}/sign-in/personal`);
    const reply = await this.submit(jar, "/sign-in/personal", { account: "calibration", password: PASSWORD });
    if (reply.status !== 303) throw new Error(`not signed in: ${reply.status}`);
    return jar;
  }
  isSignIn = (path) => path.startsWith("/sign-in");
}

class Reference extends Server {
  // Its development pages: any name, any password.
  async signedIn() {
    const jar = {};
    const query = form({ client_id: "basic", response_type: "code", scope: "openid", redirect_uri: "https://basic.example/callback", code_challenge: CHALLENGE, code_challenge_method: "S256" });
    let reply = await this.browse(jar, "GET", `${this.at("authorization")}?${query}`);
    reply = await this.submit(jar, reply.headers.location, { prompt: "login", login: "calibration", password: PASSWORD });
    reply = await this.browse(jar, "GET", new URL(reply.headers.location, this.issuer).href);
    if (!reply.headers.location?.includes("code=")) throw new Error(`not signed in: ${reply.status} ${reply.headers.location}`);
    return jar;
  }
  isSignIn = (path) => path.startsWith("/interaction/");
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function ours(program) {
  const folder = mkdtempSync(join(tmpdir(), "idp-calibration-"));
  const [port, operations] = [await freePort(), await freePort()];
  const server = new Ours();
  server.issuer = `http://localhost:${port}`;
  writeFileSync(join(folder, "idp.toml"), `issuer = "${server.issuer}"
listen = "127.0.0.1:${port}"
[operations]
listen = "127.0.0.1:${operations}"
log_level = "error"
[sign_in]
captcha = "off"
opens_with = "password"
[password]
argon2_memory_kib = 64
argon2_iterations = 1
[registration]
mode = "open"
address_hour = 100000
[[protocol.resources]]
uri = "${RESOURCE}"
title = "reports"
[[protocol.authorization_details_types]]
type = "tax_filing"
title = "tax filing"
members = [{ name = "period", title = "period", required = true }]
`);
  const at = { cwd: folder, env: { PATH: process.env.PATH, IDP_CONFIG: "idp.toml" } };
  mkdirSync(join(folder, "data"));
  execFileSync(program, [
    "account", "add", "person", "--login-name", "calibration", "--name", "李颖", "--id-number", "220102199001010009",
    "--phone", "19400000003",
  ], { ...at, input: `${PASSWORD}\n`, encoding: "utf8" });
  for (const id of Object.keys(clients)) {
    const told = metadata(id);
    told.grant_types = told.grant_types.filter((grant) => grant !== "implicit");
    if (!told.response_types.length) delete told.response_types;
    writeFileSync(join(folder, "client.json"), JSON.stringify({ ...told, first_party: true }));
    const output = execFileSync(program, ["client", "add", "--id", id, "--file", "client.json"], { ...at, encoding: "utf8" });
    server.secrets[id] = output.match(/client_secret: (\S+)/)?.[1];
  }
  const child = spawn(program, ["serve"], { ...at, stdio: ["ignore", "ignore", "inherit"] });
  server.stop = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  };
  for (let tries = 0; ; tries++) {
    try {
      return await server.discover();
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export async function reference(folder, secrets) {
  const { Provider, errors } = await import(pathToFileURL(join(folder, "node_modules/oidc-provider/lib/index.js")));
  console.info = console.warn = () => {}; // It warns of its own development pages.
  const server = new Reference();
  const port = await freePort();
  server.issuer = `http://localhost:${port}`;
  server.secrets = secrets;
  const registered = Object.keys(clients).map((id) => ({
    client_id: id, ...(secrets[id] ? { client_secret: secrets[id] } : {}), ...metadata(id),
  }));
  const on = { enabled: true };
  const provider = new Provider(server.issuer, {
    clients: registered,
    scopes: ["openid", "offline_access", "profile", "reports"],
    claims: { openid: ["sub"], profile: ["name"] },
    cookies: { keys: [randomBytes(32).toString("hex")] },
    // Ours gives one for offline_access without consent, to a portal of the same authority.
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    pkce: { required: (_, client) => client.clientAuthMethod === "none" },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: "李颖" }) }),
    // Nobody is asked for consent.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope([...(oidc.requestParamScopes ?? [])].join(" "));
      for (const resource of [oidc.params.resource ?? []].flat()) grant.addResourceScope(resource, "reports");
      await grant.save();
      return grant;
    },
    features: {
      claimsParameter: on, clientCredentials: on, deviceFlow: on, introspection: on, jwtResponseModes: on,
      registration: on, registrationManagement: on, requestObjects: on, revocation: on,
      richAuthorizationRequests: {
        ...on,
        types: { tax_filing: { validate: (_, detail) => { if (!detail.period) throw new errors.InvalidAuthorizationDetails(); } } },
        authorizationDetailsForGrantSource: (ctx) => JSON.parse(ctx.oidc.params.authorization_details),
        authorizationDetailsForAccessToken: (_, __, source) => source.rar,
        authorizationDetailsForIntrospection: (_, token) => token.rar,
      },
      resourceIndicators: {
        ...on,
        getResourceServerInfo(_, resource) {
          if (resource !== RESOURCE) throw new errors.InvalidTarget();
          return { scope: "reports", audience: resource, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } };
        },
        useGrantedResource: () => true,
      },
    },
  });
  provider.on("server_error", (_, error) => console.error(error));
  const listening = provider.listen(port, "127.0.0.1");
  server.stop = () => listening.close();
  return server.discover();
}

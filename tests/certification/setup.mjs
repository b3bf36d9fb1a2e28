// Registers what the conformance suite's plans need, and prints the suite's three configurations (with secrets and private
// keys made just now) as JSON. The provider's own settings come from IDP_CONFIG and other IDP_… variables.
//
//   IDP_CONFIG=tests/certification/idp.toml node tests/certification/setup.mjs \
//     --idp target/release/idp --issuer https://idp.certification.test:8443 > suite.json
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    idp: { type: "string", default: "target/release/idp" },
    issuer: { type: "string", default: "https://idp.certification.test:8443" },
    suite: { type: "string", default: "https://localhost.emobix.co.uk:8443" },
    alias: { type: "string", default: "jl-uia" },
  },
});
const at = (path) => `${options.suite}/test/a/${options.alias}/${path}`;
const folder = mkdtempSync(join(tmpdir(), "idp-certification-"));
const idp = (args, input) => execFileSync(options.idp, args, { encoding: "utf8", input: input ?? "" });

// The synthetic user: of a number that belongs to nobody.
const user = { account: "certification", password: "Jlrs2026", name: "李颖" };
idp([
  "account", "add", "person", "--login-name", user.account, "--name", user.name, "--id-number", "220102199001010009",
  "--phone", "19400000003",
], `${user.password}\n`);

const common = {
  redirect_uris: [at("callback"), at("callback?dummy1=lorem&dummy2=ipsum")],
  post_logout_redirect_uris: [at("post_logout_redirect")],
  initiate_login_uri: at("initiate"),
  grant_types: ["authorization_code", "refresh_token"],
  scope: "openid profile phone offline_access",
  id_token_signed_response_alg: "RS256",
  subject_type: "public",
};

function register(id, metadata) {
  const file = join(folder, `${id}.json`);
  writeFileSync(file, JSON.stringify({ client_name: `认证测试 ${id}`, ...common, ...metadata }));
  const told = idp(["client", "add", "--id", id, "--file", file]);
  return { client_id: id, client_secret: told.match(/client_secret: (\S+)/)?.[1] };
}

// A client of the Security Profile; `more` makes it one of Message Signing.
function fapi(id, more = {}) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const about = { kid: `${id}-key`, alg: "ES256", use: "sig" };
  const scope = "openid profile offline_access";
  register(id, {
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), ...about }] },
    scope,
    id_token_signed_response_alg: "ES256",
    dpop_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    ...more,
  });
  return { client_id: id, scope, jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), ...about }] } };
}

const basic = { token_endpoint_auth_method: "client_secret_basic" };
// The Security Profile's requests are not signed, so its clients cannot have this.
const signing = {
  require_signed_request_object: true,
  request_object_signing_alg: "ES256",
  authorization_signed_response_alg: "ES256",
};

// One visit of the suite's scripted browser. Each page may be left out: a session lasts, and consent is remembered.
const browser = [{
  match: `${options.issuer}/authorize*`,
  tasks: [
    {
      task: "Sign in",
      match: `${options.issuer}/sign-in*`,
      optional: true,
      commands: [
        ["text", "id", "account", user.account],
        ["text", "id", "password", user.password],
        ["click", "class", "button--primary"],
      ],
    },
    {
      task: "Consent",
      match: `${options.issuer}/authorize/consent*`,
      optional: true,
      commands: [["click", "css", 'button[name="decision"][value="allow"]']],
    },
    {
      task: "Return",
      match: `${at("callback")}*`,
      optional: true,
      commands: [["wait", "id", "submission_complete", 10]],
    },
  ],
}];
const every = {
  alias: options.alias,
  publish: "everything",
  server: { discoveryUrl: `${options.issuer}/.well-known/openid-configuration`, login_hint: user.account },
  browser,
};
const resource = { resourceUrl: `${options.issuer}/userinfo` };
const suite = {
  oidcc: {
    ...every, description: "统一身份认证平台",
    client: register("oidf-basic", basic),
    client2: register("oidf-basic-2", basic),
    client_secret_post: register("oidf-post", { token_endpoint_auth_method: "client_secret_post" }),
    // For the module of that name, its members replace those above. Each client is told of a session's end in one way.
    override: {
      "oidcc-backchannel-rp-initiated-logout": {
        client: register("oidf-back-channel", { ...basic, backchannel_logout_uri: at("backchannel_logout") }),
      },
      "oidcc-frontchannel-rp-initiated-logout": {
        client: register("oidf-front-channel", { ...basic, frontchannel_logout_uri: at("frontchannel_logout") }),
      },
    },
  },
  fapi2: {
    ...every, description: "统一身份认证平台, FAPI 2.0 Security Profile", resource,
    client: fapi("oidf-fapi"), client2: fapi("oidf-fapi-2"),
  },
  fapi2_message_signing: {
    ...every, description: "统一身份认证平台, FAPI 2.0 Message Signing", resource,
    client: fapi("oidf-fapi-signing", signing), client2: fapi("oidf-fapi-signing-2", signing),
  },
};
rmSync(folder, { recursive: true });
console.log(JSON.stringify(suite, null, 2));

// Registers what the conformance suite's plans need, and prints the suite's three configurations (with secrets and private
// keys made just now) as JSON. The provider's own settings come from IDP_CONFIG and other IDP_… variables.
//
//   IDP_CONFIG=tests/certification/idp.toml node tests/certification/setup.mjs \
//     --idp target/release/idp --issuer https://idp.certification.test:8443 > suite.json
import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
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

// The synthetic user: of a number that belongs to nobody, with every standard claim.
const user = { account: "certification", password: "Jlrs2026", name: "李颖" };
idp([
  "account", "add", "person", "--login-name", user.account, "--name", user.name, "--id-number", "220102199001010009",
  "--phone", "19400000003",
], `${user.password}\n`);
idp(["account", "profile", "set", "--person", user.account], JSON.stringify({
  given_name: "颖", family_name: "李", middle_name: "小", nickname: "小颖", gender: "female", birthdate: "1990-01-01",
  profile: "https://people.example/liying", picture: "https://people.example/liying.png",
  website: "https://liying.example/", zoneinfo: "Asia/Shanghai", locale: "zh-CN",
  email: "liying@people.example", email_verified: true,
  address: {
    formatted: "人民大街 1 号\n长春市", street_address: "人民大街 1 号", locality: "长春市", region: "吉林省",
    postal_code: "130000", country: "中国",
  },
}));

const common = {
  redirect_uris: [at("callback"), at("callback?dummy1=lorem&dummy2=ipsum")],
  post_logout_redirect_uris: [at("post_logout_redirect")],
  initiate_login_uri: at("initiate"),
  grant_types: ["authorization_code", "refresh_token"],
  scope: "openid profile email address phone offline_access",
  id_token_signed_response_alg: "RS256",
  subject_type: "public",
};

function register(id, metadata) {
  const file = join(folder, `${id}.json`);
  writeFileSync(file, JSON.stringify({ client_name: `认证测试 ${id}`, ...common, ...metadata }));
  const told = idp(["client", "add", "--id", id, "--file", file]);
  return { client_id: id, client_secret: told.match(/client_secret: (\S+)/)?.[1] };
}

// A client of the Security Profile; with `signing` one of Message Signing. The suite asks for a scope that tells of nobody
// anything, and for the standard claims by name: it warns of claims of our own, which `profile` brings.
function fapi(id, alg, signing) {
  const [kind, size] = alg === "PS256" ? ["rsa", { modulusLength: 2048 }] : ["ec", { namedCurve: "P-256" }];
  // By way of PEM: node 20 waits for ever if it collects what generated a key just while that key is exported as a JWK.
  const pem = { privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } };
  const privateKey = createPrivateKey(generateKeyPairSync(kind, { ...size, ...pem }).privateKey);
  const publicKey = createPublicKey(privateKey);
  const about = { kid: `${id}-key`, alg, use: "sig" };
  // The Security Profile's requests are not signed, so its clients cannot have this.
  const more = signing
    ? { require_signed_request_object: true, request_object_signing_alg: alg, authorization_signed_response_alg: "ES256" }
    : {};
  register(id, {
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), ...about }] },
    id_token_signed_response_alg: "ES256",
    dpop_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    ...more,
  });
  return { client_id: id, scope: "openid offline_access", jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), ...about }] } };
}

// Two clients with keys of different kinds: with RSA the suite also tries RS256, which FAPI forbids.
const pair = (id, signing) => ({ client: fapi(id, "PS256", signing), client2: fapi(`${id}-2`, "ES256", signing) });

const basic = { token_endpoint_auth_method: "client_secret_basic" };

// What the suite's scripted browser does. A task is left out where the page is another one: a session lasts, consent is
// remembered, and so on. `shown` stands where the page's picture is wanted by a module that a human will look at.
const press = (css) => ["click", "css", css, "optional"];
const shown = ["wait", "css", "h1", 10, ".+", "update-image-placeholder-optional"];
const task = (name, match, ...commands) => ({ task: name, match, optional: true, commands });

function authorize({ signIn = [], consent = [], decision = "allow" } = {}) {
  return {
    match: `${options.issuer}/authorize*`,
    tasks: [
      task("Sign in", `${options.issuer}/sign-in*`,
        ...signIn,
        ["text", "id", "account", user.account],
        ["text", "id", "password", user.password],
        ["click", "class", "button--primary"]),
      task("Consent", `${options.issuer}/authorize/consent*`,
        ...consent,
        press(`button[name="decision"][value="${decision}"]`)),
      // The page of form_post sends itself; this is for a browser whose scripts have failed.
      task("Send the form", `${options.issuer}/authorize*`, press("form[data-submit-now] button")),
      task("Error", `${options.issuer}/authorize?*`, shown),
      task("Return", `${at("callback")}*`, ["wait", "id", "submission_complete", 10]),
    ],
  };
}

// The question is answered with yes, and the page after it is shown.
const signOut = {
  match: `${options.issuer}/sign-out*`,
  tasks: [
    task("Answer", `${options.issuer}/sign-out*`,
      press('button[name="decision"][value="sign_out"]'), press("a[data-when-told]")),
    task("Done", `${options.issuer}/sign-out*`, shown),
  ],
};
// The question itself is what must be shown.
const question = { ...signOut, tasks: [task("Question", `${options.issuer}/sign-out*`, shown)] };

const browser = [authorize(), signOut];
const secondSignIn = { browser: [authorize({ signIn: [shown] }), signOut] };
const consentPage = { browser: [authorize({ consent: [shown] }), signOut] };
const asked = { browser: [authorize(), question] };

const every = {
  alias: options.alias,
  publish: "everything",
  server: {
    discoveryUrl: `${options.issuer}/.well-known/openid-configuration`,
    login_hint: user.account,
  },
  browser,
};
const resource = { resourceUrl: `${options.issuer}/userinfo` };

// Each plan of FAPI. A client that has agreed once is not asked again, so whoever refuses needs clients of their own; and
// the first of two visits to the same pushed request must stop at the sign-in page.
function plan(id, signing) {
  const first = { ...authorize(), "match-limit": 1, tasks: [] };
  return {
    ...pair(id, signing),
    override: {
      "fapi2-security-profile-final-user-rejects-authentication": {
        ...pair(`${id}-refused`, signing),
        browser: [authorize({ decision: "deny" })],
      },
      "fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": {
        browser: [first, ...browser],
      },
    },
  };
}

const suite = {
  oidcc: {
    ...every, description: "统一身份认证平台",
    client: register("oidf-basic", basic),
    client2: register("oidf-basic-2", basic),
    client_secret_post: register("oidf-post", { token_endpoint_auth_method: "client_secret_post" }),
    // For the module of that name, its members replace those above.
    override: {
      "oidcc-prompt-login": secondSignIn,
      "oidcc-max-age-1": secondSignIn,
      "oidcc-registration-logo-uri": consentPage,
      "oidcc-registration-policy-uri": consentPage,
      "oidcc-registration-tos-uri": consentPage,
      "oidcc-rp-initiated-logout-no-id-token-hint": asked,
      "oidcc-rp-initiated-logout-bad-id-token-hint": asked,
      "oidcc-rp-initiated-logout-modified-id-token-hint": asked,
      // Each client is told of a session's end in one way.
      "oidcc-backchannel-rp-initiated-logout": {
        client: register("oidf-back-channel", { ...basic, backchannel_logout_uri: at("backchannel_logout") }),
      },
      "oidcc-frontchannel-rp-initiated-logout": {
        client: register("oidf-front-channel", { ...basic, frontchannel_logout_uri: at("frontchannel_logout") }),
      },
    },
  },
  fapi2: {
    ...every, description: "统一身份认证平台, FAPI 2.0 Security Profile", resource, ...plan("oidf-fapi", false),
  },
  fapi2_message_signing: {
    ...every, description: "统一身份认证平台, FAPI 2.0 Message Signing", resource, ...plan("oidf-fapi-signing", true),
  },
};
rmSync(folder, { recursive: true });
console.log(JSON.stringify(suite, null, 2));

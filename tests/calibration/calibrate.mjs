// Plays requests that must be refused against this provider and against oidc-provider from npm (certified by the
// OpenID Foundation), and writes calibration.md: what was asked, what both answered, and who is right where they differ.
//
//   cargo build -p idp && node tests/calibration/calibrate.mjs        (Node 20.11 or later)
//
// It fails where the answers differ and verdicts.mjs does not say why ours is right. Not part of CI: the reference is
// fetched from npm, into a folder below the temporary one.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { summary } from "./asking.mjs";
import { authorizationRequests } from "./authorization.mjs";
import { deviceRequests, pushedRequests, registrations, signOuts } from "./others.mjs";
import { ours, reference } from "./servers.mjs";
import { introspectionAndRevocationRequests, resourceRequests, tokenRequests } from "./tokens.mjs";
import { verdicts } from "./verdicts.mjs";

const VERSION = "9.13.3";
const folder = join(tmpdir(), `calibration-${VERSION}`);
if (!existsSync(join(folder, "node_modules/oidc-provider"))) {
  mkdirSync(folder, { recursive: true });
  execFileSync("npm", ["install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", `oidc-provider@${VERSION}`], { stdio: "inherit" });
}
const program = resolve(process.env.IDP ?? join(import.meta.dirname, "../../target/debug/idp"));
const groups = {
  "Authorization endpoint": authorizationRequests,
  "Token endpoint": tokenRequests,
  Userinfo: resourceRequests,
  "Introspection and revocation": introspectionAndRevocationRequests,
  "Pushed requests": pushedRequests,
  "Device authorization": deviceRequests,
  "Registration and its management": registrations,
  "Sign-out": signOuts,
};

const own = await ours(program);
const other = await reference(folder, own.secrets);
const rows = [];
const unsaid = [];
const said = new Set();
try {
  for (const [group, requests] of Object.entries(groups)) {
    for (const [what, spec, send] of requests) {
      const answers = [];
      for (const server of [own, other]) {
        const reply = await send(server).catch((error) => ({ failed: error }));
        answers.push(reply.failed ? `FAILED: ${reply.failed.message.slice(0, 200)}` : summary(server, reply));
      }
      const name = `${group}: ${what}`;
      const why = verdicts[name];
      if (said.has(name)) throw new Error(`twice: ${name}`);
      said.add(name);
      const same = answers[0] === answers[1];
      if (same === Boolean(why) || answers.some((answer) => answer.startsWith("FAILED"))) unsaid.push(`${name}\n  ours      ${answers[0]}\n  reference ${answers[1]}`);
      rows.push({ group, what, spec, answers, verdict: same ? "the same" : (why ?? "?") });
    }
  }
} finally {
  own.stop();
  other.stop();
}
unsaid.push(...Object.keys(verdicts).filter((name) => !said.has(name)).map((name) => `a verdict on nothing: ${name}`));

const differ = rows.filter((row) => row.verdict !== "the same").length;
const table = [
  "# Calibration",
  "",
  `${rows.length} requests that must be refused, against this provider and against oidc-provider ${VERSION} with the same`,
  `clients (\`node tests/calibration/calibrate.mjs\`). ${rows.length - differ} answers are the same, ${differ} differ; each of those was`,
  "looked at in the standard's text. In brackets: the schemes of `WWW-Authenticate`. \"query: error\" is a redirect to the client.",
];
for (const group of Object.keys(groups)) {
  table.push("", `## ${group}`, "", "| request | standard | ours | reference | verdict |", "|---|---|---|---|---|");
  for (const row of rows.filter((row) => row.group === group)) {
    table.push(`| ${row.what} | ${row.spec} | ${row.answers.join(" | ")} | ${row.verdict} |`.replaceAll("\n", " "));
  }
}
writeFileSync(join(import.meta.dirname, "calibration.md"), `${table.join("\n")}\n`);
console.log(`${rows.length} requests, ${differ} answered differently`);
if (unsaid.length) {
  console.log(unsaid.join("\n"));
  process.exitCode = 1;
}
process.exit();

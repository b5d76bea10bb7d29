// gen-token, check-token and their like for subscriptions; and docs/auth.md: its commands say what it says.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { binary, cleanEnvironment, runToEnd } from "./support/server.mjs";
import { hmacToken, known, now, signedToken } from "./support/tokens.mjs";

const timeout = 30_000;
const secret = ["--client-token-hmac-secret-key", "secret"];
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

async function generated(command, ...flags) {
  const { code, stdout, stderr } = await runToEnd([command, ...secret, ...flags]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.split("\n").length, 2, "a token and nothing else");
  return stdout.trim();
}

test("gen-token: what it makes is what a backend makes", { timeout }, async () => {
  const token = await generated("gen-token", "--user", "42", "--ttl", "10m", "--claims", '{"info":{"name":"Ann"}}');
  const claims = claimsOf(token);
  assert.equal(token, hmacToken(claims));
  assert.equal(claims.sub, "42");
  assert.deepEqual(claims.info, { name: "Ann" });
  assert.ok(Math.abs(claims.exp - now() - 600) < 10, `exp ${claims.exp}`);
  const room = await generated("gen-sub-token", "--user", "42", "--channel", "chat:1", "--ttl", "0");
  assert.deepEqual(Object.keys(claimsOf(room)), ["sub", "channel", "iat"]);
});

test("check-token: a valid token is 0, any other 1 and one line that tells why", { timeout }, async () => {
  const check = (command, token, flags = secret) => runToEnd([command, ...flags, token]);
  const good = await check("check-token", known.user42);
  assert.deepEqual(good, { code: 0, stdout: 'The token is valid.\nuser: "42"\ntoken expires: never\n', stderr: "" });
  const bad = async (why, command, token, flags) => {
    const { code, stdout, stderr } = await check(command, token, flags);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.equal(stderr, `The token is refused: ${why}.\n`);
  };
  await bad("it has expired", "check-token", known.expired);
  await bad("it is a subscription token: it has a channel", "check-token", known.room1);
  await bad("it is no subscription token: it has no channel", "check-sub-token", known.user42);
  await bad("no key for its algorithm has made its signature", "check-token", hmacToken({}, "other"));
  await bad("it has not three parts divided by dots", "check-token", "x");
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = ["--client-token-ecdsa-public-key", publicKey.export({ type: "spki", format: "pem" })];
  assert.equal((await check("check-token", signedToken({ sub: "1" }, "ES256", privateKey), pem)).code, 0);
});

test("token commands: what cannot work is exit code 2 and names the option", { timeout }, async () => {
  const refused = async (word, ...args) => {
    const { code, stderr } = await runToEnd(args);
    assert.equal(code, 2, stderr);
    assert.ok(stderr.includes(word), stderr);
    assert.ok(!stderr.includes("sesame"), "no secret is shown");
  };
  await refused("client.token.hmac_secret_key", "gen-token", "--user", "42");
  await refused("client.token has no key", "check-token", "x");
  await refused("--ttl", "gen-token", ...secret, "--ttl", "soon");
  await refused("--claims", "gen-token", ...secret, "--claims", "[]");
  await refused("client.token.rsa_public_key", "serve", "--client-token-rsa-public-key", "sesame");
  await refused("client.token.issuer_regex", "check-config", "--client-token-hmac-secret-key", "sesame",
    "--client-token-issuer-regex", "(");
});

test("docs/auth.md: its commands work and say what it says", { timeout }, async (t) => {
  const manual = readFileSync(fileURLToPath(new URL("../../docs/auth.md", import.meta.url)), "utf8");
  const blocks = [...manual.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({ language, text }));
  const folder = mkdtempSync(join(tmpdir(), "troupe-auth-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "troupe.toml"), blocks.find(({ language }) => language === "toml").text);
  const path = dirname(binary) + delimiter + process.env.PATH;
  const sh = (text) => new Promise((resolve, reject) => {
    execFile("sh", ["-ec", text], { cwd: folder, env: { ...cleanEnvironment(), PATH: path } },
      (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
  let commands = 0;
  for (const [index, { language, text }] of blocks.entries()) {
    if (language !== "sh") continue;
    assert.equal(blocks[index + 1].language, "text");
    assert.equal(await sh(text), blocks[index + 1].text);
    commands += 1;
  }
  assert.equal(commands, 2);
  // The function for backends makes tokens that are accepted.
  const script = blocks.find(({ text }) => text.includes("createHmac")).text;
  writeFileSync(join(folder, "token.mjs"), `${script}\nprocess.stdout.write(token({ sub: "42" }, process.argv[2]));\n`);
  const key = blocks.find(({ language }) => language === "toml").text.match(/hmac_secret_key = "(.*)"/)[1];
  assert.match(await sh(`troupe check-token --config troupe.toml "$(node token.mjs ${key})"`), /^The token is valid\./);
});

// troupe doctor, on the machine that the tests run on.
import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { freePort, runToEnd } from "./support/server.mjs";

const timeout = 30_000;

test("doctor: a port in use is named by its option, whatever it is for", { timeout }, async (t) => {
  const holder = net.createServer().listen(0, "127.0.0.1");
  t.after(() => holder.close());
  await new Promise((resolve) => holder.once("listening", resolve));
  const used = String(holder.address().port);
  const listen = ["--listen-port", String(await freePort())];
  for (const flag of ["--admin-port", "--metrics-port", "--api-port", "--console-port"]) {
    const token = ["--console-operator-token", "only-for-this-test"];
    const { code, stdout } = await runToEnd(["doctor", ...listen, ...token, flag, used]);
    assert.equal(code, 1, stdout);
    const option = flag.slice(2).replace("-", ".");
    assert.match(stdout, new RegExp(`^FATAL +ports +${option} = ${used} is in use$`, "m"));
  }
});

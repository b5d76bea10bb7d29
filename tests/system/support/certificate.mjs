// A certificate of our own making for localhost, in a folder that goes with the test.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const keys = { ec: ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], rsa: ["rsa:2048"] };

/** {flags, ca, certificate, key, renew()}: files for `--tls-cert` and `--tls-key`; renew() replaces both. */
export function makeCertificate(t, kind = "ec") {
  const folder = mkdtempSync(join(tmpdir(), "troupe-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const renew = () => {
    execFileSync("openssl", ["req", "-x509", "-newkey", ...keys[kind], "-nodes",
      "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
      "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], { stdio: "ignore" });
    return readFileSync(certificate);
  };
  const ca = renew();
  return { flags: ["--tls-cert", certificate, "--tls-key", key], ca, certificate, key, renew };
}

// JSON Web Tokens as a backend makes them, by Node's own crypto: none of the server's code is in here.
import { createHmac, sign } from "node:crypto";

const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export const now = () => Math.floor(Date.now() / 1000);

export function hmacToken(claims, secret = "secret", header = { alg: "HS256", typ: "JWT" }) {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** Of a private key of node:crypto: "RS256" or "ES256". */
export function signedToken(claims, alg, key, header = {}) {
  const text = `${part({ alg, typ: "JWT", ...header })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

export const unsignedToken = (claims) => `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`;

/** The examples of the protocol, HS256 with the secret "secret". */
export const known = {
  user42: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiJ9.79CVgMIG_JB921dVUeJDWNJubJojFodH3-XtC_1C408",
  expired: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImV4cCI6MTAwMDAwMDAwMH0.VyM4XOSE5PahW3hkxJnSIZ5pQ85f3vRSofg8OL_h9nQ",
  room1: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImNoYW5uZWwiOiJjaGF0OnJvb20xIn0.87JPFP1DADoDwcN7GhnTs9K8SlWwli8jplU9AkamAp8",
};

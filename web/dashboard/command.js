// Commands of the console, over HTTP. The token lives in this tab's sessionStorage and travels in a header: never
// in an address, a cookie or a log.

const path = "/debug/command";
const storageKey = "troupe.token";
const patience = 15_000; // milliseconds; the server gives up after ten seconds

export class Refused extends Error {} // the token is not, or no longer, good

export const token = {
  get: () => sessionStorage.getItem(storageKey),
  set: (value) => sessionStorage.setItem(storageKey, value),
  forget: () => sessionStorage.removeItem(storageKey),
};

/** One word of a command, whatever is in it. */
export const quoted = (text) => `"${String(text).replace(/["\\]/g, "\\$&")}"`;

/** What a command came to: {result, notes, matched, total}. Throws Refused, or an Error with a sentence. */
export async function run(command) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { Authorization: `Bearer ${token.get()}`, "Content-Type": "application/json" },
      body: JSON.stringify({ command }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new Error("The server does not answer");
  }
  if (answer.status === 401) throw new Refused("This token is not one of the server's");
  const said = await answer.json().catch(() => ({ error: `The server answered ${answer.status}` }));
  if (said.error) throw new Error(said.error);
  return said;
}

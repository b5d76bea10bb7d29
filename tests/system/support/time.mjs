// Waiting with a deadline: system tests never wait for a fixed time to pass.
import { setTimeout as pause } from "node:timers/promises";

/** Resolves when `condition()` (may be async) is true; rejects after `ms` naming `what`. */
export async function eventually(what, condition, ms = 10_000) {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(20);
  }
}

/** The value of `promise`; rejects after `ms` naming `what`. */
export async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds that `promise` took, counted from `since` (performance.now()). */
export async function elapsed(promise, since = performance.now()) {
  await promise;
  return performance.now() - since;
}

/** Calls `work` every `ms` until the test `t` ends or the function returned is called. */
export function every(t, ms, work) {
  const timer = setInterval(work, ms).unref(); // a test that failed must not go on for ever
  const stop = () => clearInterval(timer);
  t.after(stop);
  return stop;
}

/** Runs `work(0) ... work(count - 1)`, at most `width` at a time. */
export async function parallel(count, width, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}

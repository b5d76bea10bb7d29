// Calls of the server API.
import assert from "node:assert/strict";
import { apiKey } from "./centrifuge_server.mjs";
import { request } from "./server.mjs";

export class Api {
  constructor(port) {
    this.port = port;
  }

  /** The whole answer: {status, headers, body}. `body` is JSON text or a value. */
  call(method, body, { headers = { "X-API-Key": apiKey }, path = `/api/${method}`, ...options } = {}) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return request(this.port, path, { method: "POST", headers, body: text, ...options });
  }

  /** What a 200 says. */
  async answer(method, body, options) {
    const { status, headers, body: text } = await this.call(method, body, options);
    assert.equal(status, 200, text);
    assert.equal(headers["content-type"], "application/json");
    return JSON.parse(text);
  }

  async result(method, body, options) {
    const answer = await this.answer(method, body, options);
    assert.deepEqual(Object.keys(answer), ["result"], JSON.stringify(answer));
    return answer.result;
  }

  async error(method, body, options) {
    const answer = await this.answer(method, body, options);
    assert.deepEqual(Object.keys(answer), ["error"], JSON.stringify(answer));
    return answer.error;
  }
}

// The server's API: models, and chats as streams of server-sent events.

let token = "";

/** Sets the bearer token of all requests; empty sends none. */
export function useToken(text) {
  token = text;
}

/** An answer that is no success; the message is the server's. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function request(path, options = {}) {
  const headers = { ...options.headers };
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) {
    const text = await response.text();
    let message = `${response.status} ${response.statusText}`;
    try {
      message = JSON.parse(text).error.message;
    } catch {
      // the status says it
    }
    throw new Refused(response.status, message);
  }
  return response;
}

/** Returns the JSON under a path. */
export async function getJson(path) {
  return (await request(path)).json();
}

/** Returns an address of what lies under a path, for an image; the token cannot go with an image. */
export async function imageAddress(path) {
  return token ? URL.createObjectURL(await (await request(path)).blob()) : path;
}

/** Returns the names of the base and its adapters, the base first. */
export async function models() {
  return (await getJson("/v1/models")).data.map((model) => model.id);
}

/** Yields the chunks of a chat completion. */
export async function* chat(body, signal) {
  const response = await request("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      throw new Error("the server ended the stream early");
    }
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const data = rest.slice(0, end).replace(/^data: /, "");
      rest = rest.slice(end + 2);
      if (data === "[DONE]") {
        return;
      }
      const chunk = JSON.parse(data);
      if (chunk.error) {
        throw new Refused(500, chunk.error.message);
      }
      yield chunk;
    }
  }
}

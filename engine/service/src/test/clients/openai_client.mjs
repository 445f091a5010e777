// openai's client for JavaScript.
import assert from "node:assert/strict";
import OpenAI from "openai";

const baseURL = process.argv[2];
const client = new OpenAI({ baseURL, apiKey: "secret" });
const ask = (script) => ({
  model: "script", messages: [{ role: "user", content: "x" }], logit_bias: { [process.env[script]]: 100 } });
const tools = [{ type: "function", function: { name: "only", parameters: { type: "object" } } }];
const text = "Hello! I am scripted.";

const models = await client.models.list();
assert(models.data.some((model) => model.id === "script"));

const whole = await client.chat.completions.create(ask("hello"));
assert.equal(whole.choices[0].message.content, text);
let streamed = "";
for await (const chunk of await client.chat.completions.create({ ...ask("hello"), stream: true })) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
}
assert.equal(streamed, text);

const stream = client.chat.completions.stream({ ...ask("tool6"), tools });
const called = (await stream.finalChatCompletion()).choices[0];
assert.equal(called.finish_reason, "tool_calls");
assert.equal(called.message.tool_calls[0].function.name, "only");
assert.equal(called.message.tool_calls[0].function.arguments, '{"a":[1,2]}');

const thought = (await client.chat.completions.create(ask("think1"))).choices[0].message;
assert.equal(thought.reasoning_content, "Let me check: ANSWER no");
assert.equal(thought.content, "\nFinal ANSWER: 42");

const answer = await client.responses.create({
  model: "script", input: "x", logit_bias: ask("hello").logit_bias });
assert.equal(answer.output_text, text);

const nobody = client.chat.completions.create({ ...ask("hello"), model: "nobody" });
await assert.rejects(nobody, OpenAI.NotFoundError);
const cold = client.chat.completions.create({ ...ask("hello"), temperature: -1 });
await assert.rejects(cold, OpenAI.BadRequestError);
await assert.rejects(new OpenAI({ baseURL, apiKey: "wrong" }).models.list(), OpenAI.AuthenticationError);
console.log("ok");

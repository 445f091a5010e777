// openai's client for JavaScript.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodFunction, zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

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

const Inner = z.object({ sure: z.boolean().nullable() });
const Shape = z.object({
  colour: z.enum(["red", "blue"]), count: z.number().int().min(3).max(17), share: z.number(),
  notes: z.array(z.string()), day: z.iso.date(), inner: Inner });
const ends = Object.fromEntries(["quote", "bracket", "brace"].map((name) => [process.env[name], 100]));
const formed = { ...ask("hello"), logit_bias: ends, max_tokens: 400 };
const response_format = zodResponseFormat(Shape, "shape");
const answered = await client.chat.completions.parse({ ...formed, response_format });
const parsed = answered.choices[0].message.parsed;
Shape.parse(parsed);
const shaped = await client.chat.completions.stream({ ...formed, response_format }).finalChatCompletion();
assert.deepEqual(shaped.choices[0].message.parsed, parsed);
const ordered = await client.responses.parse({
  model: "script", input: "x", logit_bias: ends, text: { format: zodTextFormat(Shape, "shape") } });
assert.deepEqual(ordered.output_parsed, parsed);
const anything = await client.chat.completions.create({
  ...formed, response_format: { type: "json_object" } });
assert.equal(typeof JSON.parse(anything.choices[0].message.content), "object");

const forced = (await client.chat.completions.create({
  ...formed, tools, tool_choice: "required", parallel_tool_calls: false })).choices[0];
assert.equal(forced.finish_reason, "tool_calls");
assert.deepEqual(forced.message.tool_calls.map((call) => call.function.name), ["only"]);
const both = [...tools, zodFunction({ name: "other", parameters: Inner })];
const tool_choice = { type: "function", function: { name: "other" } };
const named = await client.chat.completions.parse({ ...formed, tools: both.slice(1), tool_choice });
Inner.parse(named.choices[0].message.tool_calls[0].function.parsed_arguments);
const other = await client.chat.completions.create({ ...formed, tools: both, tool_choice });
assert.deepEqual(other.choices[0].message.tool_calls.map((call) => call.function.name), ["other"]);
const unruly = { type: "json_schema", json_schema: { name: "x", schema: { not: {} } } };
const unruled = client.chat.completions.create({ ...formed, response_format: unruly });
await assert.rejects(unruled, (error) => error.param === "response_format");

const nobody = client.chat.completions.create({ ...ask("hello"), model: "nobody" });
await assert.rejects(nobody, OpenAI.NotFoundError);
const cold = client.chat.completions.create({ ...ask("hello"), temperature: -1 });
await assert.rejects(cold, OpenAI.BadRequestError);
await assert.rejects(new OpenAI({ baseURL, apiKey: "wrong" }).models.list(), OpenAI.AuthenticationError);
console.log("ok");

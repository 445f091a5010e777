// LangChain for JavaScript.
import assert from "node:assert/strict";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";

const baseURL = process.argv[2];
const chat = (script, more) => new ChatOpenAI({
  model: "script", apiKey: "secret", maxRetries: 0, configuration: { baseURL },
  modelKwargs: { logit_bias: { [process.env[script]]: 100 } }, ...more });
const question = new HumanMessage("x");
const text = "Hello! I am scripted.";

const whole = await chat("hello").invoke([question]);
assert.equal(whole.content, text);
assert(whole.usage_metadata.output_tokens > 0);
let streamed = "";
for await (const chunk of await chat("hello").stream([question])) {
  streamed += chunk.content;
}
assert.equal(streamed, text);

const only = { type: "function", function: { name: "only", parameters: { type: "object" } } };
const called = await chat("tool6").bindTools([only]).invoke([question]);
assert.equal(called.tool_calls[0].name, "only");
assert.deepEqual(called.tool_calls[0].args, { a: [1, 2] });
const result = new ToolMessage({ content: "3", tool_call_id: called.tool_calls[0].id });
const after = await chat("hello").bindTools([only]).invoke([question, called, result]);
assert.equal(after.content, text);

const thought = await chat("think1").invoke([question]);
assert.equal(thought.content, "\nFinal ANSWER: 42");

const Inner = z.object({ sure: z.boolean().nullable() });
const Shape = z.object({
  colour: z.enum(["red", "blue"]), count: z.number().int().min(3).max(17), share: z.number(),
  notes: z.array(z.string()), day: z.iso.date(), inner: Inner });
const ends = Object.fromEntries(["quote", "bracket", "brace"].map((name) => [process.env[name], 100]));
const formed = chat("hello", { maxTokens: 400, modelKwargs: { logit_bias: ends } });
const shaped = await formed.withStructuredOutput(Shape, { method: "jsonSchema" }).invoke([question]);
Shape.parse(shaped);
Shape.parse(await formed.withStructuredOutput(Shape, { method: "functionCalling" }).invoke([question]));
const anyObject = formed.withStructuredOutput(z.object({}), { method: "jsonMode" });
const anything = await anyObject.invoke([question]);
assert.equal(typeof anything, "object");

const other = { type: "function", function: { name: "other", parameters: z.toJSONSchema(Inner) } };
const single = { tool_choice: "any", parallel_tool_calls: false };
const forced = await formed.bindTools([only], single).invoke([question]);
assert.deepEqual(forced.tool_calls.map((call) => call.name), ["only"]);
const named = await formed.bindTools([only, other], { tool_choice: "other" }).invoke([question]);
assert.deepEqual(named.tool_calls.map((call) => call.name), ["other"]);
Inner.parse(named.tool_calls[0].args);

await assert.rejects(chat("hello", { model: "nobody" }).invoke([question]), /nobody/);
await assert.rejects(chat("hello", { apiKey: "wrong" }).invoke([question]), /token/);
console.log("ok");

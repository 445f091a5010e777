// LangChain for JavaScript.
import assert from "node:assert/strict";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";

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

await assert.rejects(chat("hello", { model: "nobody" }).invoke([question]), /nobody/);
await assert.rejects(chat("hello", { apiKey: "wrong" }).invoke([question]), /token/);
console.log("ok");

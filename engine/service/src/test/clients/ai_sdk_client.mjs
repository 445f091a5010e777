// Vercel's AI SDK.
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, streamText, tool } from "ai";

const baseURL = process.argv[2];
const provider = (apiKey) => createOpenAICompatible({ name: "longhand", baseURL, apiKey })("script");
const ask = (script) => ({
  model: provider("secret"), prompt: "x", maxRetries: 0,
  providerOptions: { longhand: { logit_bias: { [process.env[script]]: 100 } } } });
const text = "Hello! I am scripted.";

const whole = await generateText(ask("hello"));
assert.equal(whole.text, text);
assert(whole.usage.outputTokens > 0);
let streamed = "";
for await (const part of streamText(ask("hello")).textStream) {
  streamed += part;
}
assert.equal(streamed, text);

const only = tool({ description: "one", inputSchema: jsonSchema({ type: "object" }) });
const called = await generateText({ ...ask("tool6"), tools: { only } });
assert.equal(called.finishReason, "tool-calls");
assert.equal(called.toolCalls[0].toolName, "only");
assert.deepEqual(called.toolCalls[0].input, { a: [1, 2] });

const thought = await generateText(ask("think1"));
assert.equal(thought.reasoningText, "Let me check: ANSWER no");
assert.equal(thought.text, "\nFinal ANSWER: 42");
const parts = [];
for await (const part of streamText(ask("think1")).fullStream) {
  parts.push(part);
}
const reasoning = parts.filter((part) => part.type === "reasoning-delta").map((part) => part.text);
assert.equal(reasoning.join(""), "Let me check: ANSWER no");

await assert.rejects(generateText({ ...ask("hello"), temperature: -1 }), APICallError);
await assert.rejects(
  generateText({ ...ask("hello"), model: provider("wrong") }), (error) => error.statusCode === 401);
console.log("ok");

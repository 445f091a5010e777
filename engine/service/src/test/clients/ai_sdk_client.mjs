// Vercel's AI SDK.
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError, generateObject, generateText, jsonSchema, Output, streamObject, streamText, tool } from "ai";
import { z } from "zod";

const baseURL = process.argv[2];
const provider = (apiKey) => createOpenAICompatible({
  name: "longhand", baseURL, apiKey, supportsStructuredOutputs: true })("script");
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

const Inner = z.object({ sure: z.boolean().nullable() });
const Shape = z.object({
  colour: z.enum(["red", "blue"]), count: z.number().int().min(3).max(17), share: z.number(),
  notes: z.array(z.string()), day: z.iso.date(), inner: Inner });
const ends = Object.fromEntries(["quote", "bracket", "brace"].map((name) => [process.env[name], 100]));
const formed = {
  ...ask("hello"), maxOutputTokens: 400, providerOptions: { longhand: { logit_bias: ends } } };
const made = (await generateObject({ ...formed, schema: Shape })).object;
Shape.parse(made);
let grown;
for await (const part of streamObject({ ...formed, schema: Shape }).partialObjectStream) {
  grown = part;
}
assert.deepEqual(grown, made);
const output = Output.object({ schema: Shape });
assert.deepEqual((await generateText({ ...formed, output })).output, made);
for await (const part of streamText({ ...formed, output }).partialOutputStream) {
  grown = part;
}
assert.deepEqual(grown, made);
const chosen = await generateText({ ...formed, output: Output.choice({ options: ["up", "down"] }) });
assert(["up", "down"].includes(chosen.output));
const listed = await generateText({ ...formed, output: Output.array({ element: Inner }) });
assert(listed.output.every((element) => Inner.safeParse(element).success));
const anything = await generateObject({ ...formed, output: "no-schema" });
assert.equal(typeof anything.object, "object");

const other = tool({ description: "two", inputSchema: Inner });
const single = { longhand: { logit_bias: ends, parallel_tool_calls: false } };
const forced = await generateText({
  ...formed, providerOptions: single, tools: { only }, toolChoice: "required" });
assert.equal(forced.finishReason, "tool-calls");
assert.equal(forced.toolCalls[0].toolName, "only");
const toolChoice = { type: "tool", toolName: "other" };
const named = await generateText({ ...formed, tools: { only, other }, toolChoice });
assert.deepEqual(named.toolCalls.map((call) => call.toolName), ["other"]);
Inner.parse(named.toolCalls[0].input);

await assert.rejects(generateText({ ...ask("hello"), temperature: -1 }), APICallError);
await assert.rejects(
  generateText({ ...ask("hello"), model: provider("wrong") }), (error) => error.statusCode === 401);
console.log("ok");

"""openai's Python client."""
import datetime
import json
import os
import sys
from typing import Literal, Optional

import openai
from pydantic import BaseModel, Field

client = openai.OpenAI(base_url=sys.argv[1], api_key="secret")
MESSAGES = [{"role": "user", "content": "x"}]
TOOLS = [{"type": "function", "function": {"name": "only", "parameters": {"type": "object"}}}]


def ask(script, **more):
    return client.chat.completions.create(model="script", messages=MESSAGES,
                                          logit_bias={os.environ[script]: 100}, **more)


def refused(kind, **wrong):
    try:
        client.chat.completions.create(
            **({"model": "script", "messages": MESSAGES, "max_tokens": 1} | wrong))
    except kind as expected:
        return expected
    raise SystemExit(f"{wrong} is no error")


assert "script" in [model.id for model in client.models.list()]

whole = ask("hello")
assert whole.choices[0].message.content == "Hello! I am scripted."
assert whole.choices[0].finish_reason == "stop"
chunks = list(ask("hello", stream=True, stream_options={"include_usage": True}))
assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello! I am scripted."
assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens

called = ask("tool6", tools=TOOLS).choices[0]
assert called.finish_reason == "tool_calls"
assert called.message.tool_calls[0].function.name == "only"
assert called.message.tool_calls[0].function.arguments == '{"a":[1,2]}'
result = {"role": "tool", "tool_call_id": called.message.tool_calls[0].id, "content": "3"}
history = MESSAGES + [called.message, result]
client.chat.completions.create(model="script", messages=history, tools=TOOLS, max_tokens=5)

thought = ask("think1").choices[0].message
assert thought.reasoning_content == "Let me check: ANSWER no"
assert thought.content == "\nFinal ANSWER: 42"
deltas = [c.choices[0].delta for c in ask("think1", stream=True) if c.choices]
assert "".join(getattr(d, "reasoning_content", None) or "" for d in deltas) == "Let me check: ANSWER no"

completion = client.completions.create(
    model="script", prompt=[int(os.environ["hello"])], logprobs=1, temperature=0)
assert completion.choices[0].text == "! I am scripted."
assert len(completion.choices[0].logprobs.tokens) == completion.usage.completion_tokens

assert refused(openai.NotFoundError, model="nobody").code == "model_not_found"
assert refused(openai.BadRequestError, temperature=-1).param == "temperature"
assert refused(openai.BadRequestError, messages=[{"role": "user", "content": "a " * 100_000}]).code == \
    "context_length_exceeded"
try:
    openai.OpenAI(base_url=sys.argv[1], api_key="wrong").models.list()
    raise SystemExit("a wrong key is no error")
except openai.AuthenticationError as expected:
    assert expected.code == "invalid_api_key"

biased = {"logit_bias": {os.environ["hello"]: 100}}
answer = client.responses.create(model="script", input="x", extra_body=biased)
assert answer.output_text == "Hello! I am scripted.", answer.output_text
events = list(client.responses.create(model="script", input="x", stream=True, extra_body=biased))
assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "Hello! I am scripted."
assert events[-1].type == "response.completed"


class Inner(BaseModel):
    sure: Optional[bool]


class Shape(BaseModel):
    colour: Literal["red", "blue"]
    count: int = Field(ge=3, le=17)
    notes: list[str]
    day: datetime.date
    inner: Inner


ENDS = {os.environ[name]: 100 for name in ("quote", "bracket", "brace")}
FORMED = {"model": "script", "messages": MESSAGES, "max_tokens": 400, "logit_bias": ENDS}
parsed = client.chat.completions.parse(**FORMED, response_format=Shape).choices[0].message
assert isinstance(parsed.parsed, Shape), parsed
with client.chat.completions.stream(**FORMED, response_format=Shape) as stream:
    done = [event for event in stream if event.type == "content.done"]
assert done[0].parsed == parsed.parsed, done
ordered = client.responses.parse(model="script", input="x", text_format=Shape, max_output_tokens=400,
                                 extra_body={"logit_bias": ENDS})
assert ordered.output_parsed == parsed.parsed, ordered
anything = client.chat.completions.create(
    **FORMED, response_format={"type": "json_object"}).choices[0].message
assert isinstance(json.loads(anything.content), dict), anything

TOOLS.append(openai.pydantic_function_tool(Inner, name="other"))
NAMED = {"type": "function", "function": {"name": "other"}}
forced = client.chat.completions.create(**FORMED, tools=TOOLS[:1], tool_choice="required",
                                        parallel_tool_calls=False).choices[0]
assert forced.finish_reason == "tool_calls"
assert [call.function.name for call in forced.message.tool_calls] == ["only"], forced
named = client.chat.completions.parse(**FORMED, tools=TOOLS[1:], tool_choice=NAMED).choices[0].message
assert isinstance(named.tool_calls[0].function.parsed_arguments, Inner), named
called = client.responses.parse(
    model="script", input="x", max_output_tokens=400, tools=TOOLS[1:],
    tool_choice={"type": "function", "name": "other"}, extra_body={"logit_bias": ENDS}).output
assert [item.type for item in called] == ["function_call"], called
assert isinstance(called[0].parsed_arguments, Inner), called
ruled = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}}
assert refused(openai.BadRequestError, response_format=ruled).param == "response_format"
print("ok")

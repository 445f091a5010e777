"""openai's Python client."""
import os
import sys

import openai
from pydantic import BaseModel

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


class Sum(BaseModel):
    total: bool


if "structured" in sys.argv[2:]:
    parsed = client.chat.completions.parse(
        model="script", messages=MESSAGES, response_format=Sum, max_tokens=400)
    assert isinstance(parsed.choices[0].message.parsed, Sum)
    forced = client.chat.completions.create(
        model="script", messages=MESSAGES, tools=TOOLS, tool_choice="required", max_tokens=400)
    assert forced.choices[0].message.tool_calls[0].function.name == "only"
print("ok")

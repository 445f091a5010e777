// One variant: a model, its answer as it streams, and its counts.

import { chat, Refused } from "./api.js";
import { MarkedText } from "./keywords.js";

const ENDS = {
  stop: "ended by itself",
  length: "cut at the limit of tokens",
  tool_calls: "ended with a tool call",
};

export class Column {
  /**
   * Builds a column with a choice of models.
   *
   * @param position its place among the columns, from 1, by which it is named
   * @param changed called when its model or state changes
   * @param removed called with the column when it is to go
   */
  constructor(models, model, position, changed, removed) {
    const clone = document.getElementById("column").content.cloneNode(true);
    this.element = clone.querySelector("article");
    this.changed = changed;
    this.position = position;
    const find = (name) => this.element.querySelector(`.${name}`);
    this.select = find("model");
    for (const name of models) {
      this.select.append(new Option(name, name, false, name === model));
    }
    this.stopButton = find("stop");
    this.copyButton = find("copy");
    this.removeButton = find("remove");
    this.state = find("state");
    this.counts = Object.fromEntries(
      ["tokens", "thought-tokens", "seconds", "rate", "keywords"].map((name) => [name, find(name)]));
    this.fold = find("thought");
    this.thought = new MarkedText(this.fold.querySelector(".text"));
    this.answer = new MarkedText(find("answer"));
    this.select.addEventListener("change", () => {
      this.nameRegions();
      changed();
    });
    this.stopButton.addEventListener("click", () => this.stop());
    this.removeButton.addEventListener("click", () => removed(this));
    this.copyButton.addEventListener("click", () => navigator.clipboard.writeText(this.answer.text));
    this.nameRegions();
  }

  get model() {
    return this.select.value;
  }

  get running() {
    return this.abort !== undefined;
  }

  /** Names the parts for those who do not see where they stand. */
  nameRegions() {
    const name = `variant ${this.position}, ${this.model}`;
    this.select.setAttribute("aria-label", `Model of variant ${this.position}`);
    this.thought.element.setAttribute("aria-label", `Thought of ${name}`);
    this.answer.element.setAttribute("aria-label", `Answer of ${name}`);
    this.stopButton.setAttribute("aria-label", `Stop ${name}`);
    this.copyButton.setAttribute("aria-label", `Copy the answer of ${name}`);
    this.removeButton.setAttribute("aria-label", `Remove ${name}`);
  }

  stop() {
    this.abort?.abort();
  }

  /** Streams an answer into the column. */
  async ask(body) {
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    this.begin();
    let end = "";
    let bad = false;
    try {
      for await (const chunk of chat({ ...body, model: this.model }, abort.signal)) {
        this.take(chunk);
        const choice = chunk.choices?.[0];
        if (choice?.finish_reason) {
          end = choice.stop_reason ? `ended: ${choice.stop_reason}` : ENDS[choice.finish_reason];
        }
      }
    } catch (failure) {
      bad = failure.name !== "AbortError";
      end = bad ? failure.message : "stopped";
      if (failure instanceof Refused && failure.status === 401) {
        end += ": the settings have a field for the token";
      }
    }
    if (this.abort === abort) {
      this.abort = undefined;
      this.finish(end || "ended", bad);
    }
  }

  begin() {
    this.thought.clear();
    this.answer.clear();
    this.fold.hidden = true;
    this.pending = { thought: "", answer: "" };
    this.tokens = 0;
    this.thoughtTokens = 0;
    this.began = performance.now();
    this.first = undefined;
    this.say("Waiting for the first token", false);
    this.stopButton.disabled = false;
    this.copyButton.disabled = true;
    this.select.disabled = true;
    this.draw();
    this.changed();
  }

  take(chunk) {
    const delta = chunk.choices?.[0]?.delta;
    const thought = delta?.reasoning_content ?? "";
    const answer = delta?.content ?? "";
    if ((thought || answer) && this.first === undefined) {
      this.first = performance.now();
      this.say("Streaming", false);
    }
    this.pending.thought += thought;
    this.pending.answer += answer;
    if (chunk.usage) {
      this.tokens = chunk.usage.completion_tokens;
      this.thoughtTokens = chunk.usage.completion_tokens_details?.reasoning_tokens ?? 0;
    } else if (thought || answer) {
      this.tokens++;
      this.thoughtTokens += thought ? 1 : 0;
    }
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = undefined;
    if (this.pending.thought) {
      this.fold.hidden = false;
      this.thought.append(this.pending.thought);
    }
    if (this.pending.answer) {
      this.answer.append(this.pending.answer);
    }
    this.pending = { thought: "", answer: "" };
    const now = performance.now();
    const decoding = this.first === undefined ? 0 : (now - this.first) / 1000;
    this.counts.tokens.textContent = this.tokens;
    this.counts["thought-tokens"].textContent = this.thoughtTokens;
    this.counts.seconds.textContent = ((now - this.began) / 1000).toFixed(1);
    this.counts.rate.textContent = decoding > 0.05 ? (this.tokens / decoding).toFixed(0) : "0";
    this.counts.keywords.textContent = this.thought.count + this.answer.count;
  }

  finish(text, bad) {
    cancelAnimationFrame(this.frame);
    this.draw();
    this.say(text, bad);
    this.stopButton.disabled = true;
    this.copyButton.disabled = this.answer.text === "";
    this.select.disabled = false;
    this.changed();
  }

  say(text, bad) {
    this.state.textContent = text;
    this.state.classList.toggle("bad", bad);
  }
}

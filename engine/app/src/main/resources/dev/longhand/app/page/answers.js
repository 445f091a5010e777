// Single answers of a study, filtered, and beside those of another row.

import { getJson } from "./api.js";
import { choice, element } from "./elements.js";
import { marked } from "./keywords.js";

const COUNT = 10;
const SHOWN = [
  ["all", "all answers"],
  ["right", "right ones"],
  ["wrong", "wrong ones"],
  ["gained", "right here, wrong in the other row"],
  ["lost", "wrong here, right in the other row"],
];

/** Returns the part of the page with the answers that the settings choose. */
export function startAnswers(runs, settings) {
  const unique = (key) => [...new Set(runs.map((run) => run[key]))].map((name) => [name, name]);
  const from = { value: Number(settings.get("from") ?? 0) };
  const list = element("div", {});
  const state = element("p", { className: "state", role: "status" });
  const changed = () => {
    from.value = 0;
    show();
  };
  const rows = unique("row");
  const benchmarks = [["", "all"], ...unique("benchmark").filter(([name]) => name)];
  const fields = {
    row: choice("row", "Row", rows, settings.get("row"), changed),
    benchmark: choice("benchmark", "Benchmark", benchmarks, settings.get("benchmark"), changed),
    show: choice("show", "Show", SHOWN, settings.get("show"), changed),
    other: choice("other", "Beside the row", [["", "none"], ...rows], settings.get("other"), changed),
  };
  const move = (step) => () => {
    from.value = Math.max(0, from.value + step);
    show();
  };
  const button = (text, step) =>
    element("button", { type: "button", className: "quiet", onclick: move(step) }, text);
  const previous = button("Previous", -COUNT);
  const next = button("Next", COUNT);

  let asked = 0;

  async function show() {
    const turn = ++asked;
    const query = new URLSearchParams({ from: from.value, count: COUNT });
    for (const [name, { select }] of Object.entries(fields)) {
      query.set(name, select.value);
    }
    if (location.hash.startsWith("#results")) {
      history.replaceState(null, "", `#results?${query}`);
    }
    try {
      const page = await getJson(`/study/answers?${query}`);
      if (turn !== asked) {
        return; // the reader has chosen anew
      }
      const last = Math.min(from.value + COUNT, page.total);
      state.textContent = page.total === 0 ? "No such answers"
        : `${from.value + 1} to ${last} of ${page.total}`;
      previous.disabled = from.value === 0;
      next.disabled = last >= page.total;
      list.replaceChildren(...page.answers.map((answer) => one(answer, fields)));
    } catch (failure) {
      state.textContent = failure.message;
      list.replaceChildren();
    }
  }

  show();
  return element("section", { ariaLabel: "Answers" },
    element("h3", {}, "Answers"),
    element("div", { className: "filters" }, ...Object.values(fields).map((field) => field.part)),
    element("div", { className: "row" }, previous, next, state),
    list);
}

function one(answer, fields) {
  const name = `${answer.id}${answer.sample ? `, sample ${answer.sample}` : ""}`;
  const texts = [text(fields.row.select.value, name, answer)];
  if (answer.other) {
    texts.push(text(fields.other.select.value, name, answer.other));
  }
  const reference = (answer.answers ?? []).join(" or ") || "none";
  return element("article", { className: "one" },
    element("h4", {}, name),
    element("p", { className: "text" }, answer.question ?? ""),
    element("p", { className: "state" }, `${answer.benchmark ?? ""}, reference: ${reference}`),
    element("div", { className: "pair" }, ...texts));
}

function text(row, problem, answer) {
  const verdict = answer.correct === null ? ["", "not scored"]
    : answer.correct ? ["right", "right"] : ["wrong", "wrong"];
  const { fragment, count } = marked(answer.text);
  const box = { className: "text panel", tabIndex: 0, role: "region", ariaLabel: `${row} on ${problem}` };
  return element("div", {},
    element("p", { className: "state" },
      `${row}: `,
      element("span", { className: verdict[0] }, verdict[1]),
      `, answer ${answer.extracted ?? "none"} (${answer.rule}), ${answer.output_tokens ?? "?"} tokens, `
        + `${count} keywords, ${answer.finish}`),
    element("div", box, fragment));
}

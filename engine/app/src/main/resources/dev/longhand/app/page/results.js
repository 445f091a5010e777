// The view of a study's results: report, tables, charts, and single answers.

import { getJson, imageAddress } from "./api.js";
import { startAnswers } from "./answers.js";
import { element, number, table } from "./elements.js";

let shown = false;

/** Whether the server has results to show. */
export async function studyIsServed() {
  try {
    await getJson("/study/results");
    return true;
  } catch (failure) {
    return failure.status === 401; // perhaps: the token comes later
  }
}

/** Shows the results once, and the answers that the settings of the link choose. */
export async function showResults(settings) {
  const place = document.getElementById("results");
  if (shown) {
    return;
  }
  try {
    const results = await getJson("/study/results");
    place.replaceChildren(...head(results), overview(results.runs));
    shown = true;
    if (results.tables) {
      const { tables } = await getJson("/study/tables");
      place.append(
        element("p", { className: "state" }, "Values in brackets are the study's own."),
        ...tables.filter(hasOwn).flatMap(studyTable));
    }
    place.append(...(await charts(results.charts)));
    place.append(startAnswers(results.runs, settings));
  } catch (failure) {
    place.replaceChildren(element("p", { className: "state bad" }, failure.message));
  }
}

function head(results) {
  const made = Object.entries(results.made).map(([name, value]) => `${name}: ${value}`);
  const parts = [element("p", {}, [results.study, ...made].join(" · "))];
  if (results.report) {
    const box = { className: "text panel", tabIndex: 0, role: "region", ariaLabel: "Report" };
    const text = element("div", box, results.report);
    parts.push(element("details", {}, element("summary", {}, "Report"), text));
  }
  return parts;
}

function overview(runs) {
  const rows = runs.filter((run) => run.summary).map(({ row, benchmark, summary }) => [
    row,
    benchmark || "all",
    number(summary.n_samples, 0),
    accuracy(summary.accuracy, summary.wilson95),
    number(summary.mean_tokens, 1),
    number(summary.mean_keywords, 2),
    number(summary.truncated, 0),
  ]);
  const columns = ["row", "benchmark", "n", "right %", "mean tokens", "mean keywords", "cut short"];
  return element("details", {}, element("summary", {}, `All ${rows.length} runs`),
    table("All runs", columns, rows, 2));
}

function accuracy(value, interval) {
  const cell = element("span", {}, number(value, 1));
  if (interval) {
    const [low, high] = interval;
    cell.append(element("span", { className: "interval" }, ` ${number(low, 1)} to ${number(high, 1)}`));
  }
  return cell;
}

const hasOwn = (each) => each.rows.some((row) => row.cells.some((cell) => cell.own !== null));

function studyTable(each) {
  const labels = each.rows[0].labels.length;
  const columns = [...Array(labels).fill("row"), ...each.rows[0].cells.map((cell) => cell.column)];
  const rows = each.rows.map((row) => [...row.labels, ...row.cells.map(tableCell)]);
  return [
    element("h3", {}, `Table ${each.number}. ${each.title}`),
    table(`Table ${each.number}`, columns, rows, labels),
    ...each.notes.map((note) => element("p", { className: "state" }, note)),
  ];
}

/** Our value with its interval, and the published one behind it. */
function tableCell(cell) {
  const value = cell.own === null ? element("span", {}, "–") : accuracy(cell.own, cell.wilson95);
  if (cell.published !== null) {
    value.append(element("span", { className: "interval" }, ` (${number(cell.published, 1)})`));
  }
  return value;
}

async function charts(names) {
  if (names.length === 0) {
    return [];
  }
  const figures = element("div", { className: "charts" });
  for (const name of names) {
    const title = name.replace(/^.*\//, "").replace(/\.svg$/, "").replace(/(\d+)$/, " $1");
    const src = await imageAddress(`/study/charts/${name}`);
    const image = element("img", { src, alt: `Chart: ${title}` });
    figures.append(element("figure", {}, image, element("figcaption", {}, title)));
  }
  return [element("h3", {}, "Charts"), figures];
}

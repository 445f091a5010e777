// The view that asks up to four variants one question.

import { models, useToken } from "./api.js";
import { Column } from "./column.js";

const VARIANTS_MAX = 4;
const NUMBERS = ["temperature", "top_p", "max_tokens", "thinking_budget", "seed"];
const SECRET = "longhand.token";

const field = (name) => document.getElementById(name);
let columns = [];
let names = [];

/** Builds the view from the settings of a link. */
export async function startAsking(settings) {
  for (const name of ["question", "system", ...NUMBERS]) {
    field(name).value = settings.get(name) ?? "";
  }
  field("token").value = sessionStorage.getItem(SECRET) ?? "";
  useToken(field("token").value);
  field("token").addEventListener("change", async () => {
    sessionStorage.setItem(SECRET, field("token").value);
    useToken(field("token").value);
    await showModels(settings);
  });
  field("question-form").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  field("question").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      field("question-form").requestSubmit();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      stopAll();
    }
  });
  field("stop-all").addEventListener("click", stopAll);
  field("add").addEventListener("click", () => {
    add(names[columns.length % names.length]);
    columns.at(-1).select.focus();
  });
  field("link").addEventListener("click", copyLink);
  await showModels(settings);
}

async function showModels(settings) {
  try {
    names = await models();
  } catch (failure) {
    field("notice").textContent = failure.message;
    field("settings").open = true;
    return;
  }
  field("notice").textContent = "";
  const wanted = (settings.get("models") ?? "").split(",").filter((name) => names.includes(name));
  columns.forEach((column) => column.element.remove());
  columns = [];
  for (const name of (wanted.length ? wanted : names).slice(0, VARIANTS_MAX)) {
    add(name);
  }
}

function add(name) {
  const column = new Column(names, name, columns.length + 1, changed, remove);
  columns.push(column);
  field("columns").append(column.element);
  changed();
}

function remove(column) {
  column.stop();
  column.element.remove();
  columns = columns.filter((each) => each !== column);
  columns.forEach((each, i) => {
    each.position = i + 1;
    each.nameRegions();
  });
  changed();
  field("add").focus();
}

function changed() {
  const running = columns.some((column) => column.running);
  field("stop-all").disabled = !running;
  field("add").disabled = columns.length >= VARIANTS_MAX || names.length === 0;
  field("send").disabled = columns.length === 0;
  columns.forEach((column) => (column.removeButton.disabled = columns.length === 1));
}

/** The settings that are given, as numbers; the server knows the defaults. */
function sampling() {
  const given = NUMBERS.filter((name) => field(name).value !== "");
  return Object.fromEntries(given.map((name) => [name, Number(field(name).value)]));
}

function ask() {
  const messages = [{ role: "user", content: field("question").value }];
  if (field("system").value) {
    messages.unshift({ role: "system", content: field("system").value });
  }
  history.replaceState(null, "", address());
  columns.forEach((column) => column.ask({ messages, ...sampling() }));
}

function stopAll() {
  columns.forEach((column) => column.stop());
}

/** The address of the page with its settings; never with the token. */
function address() {
  const settings = new URLSearchParams();
  for (const name of ["question", "system", ...NUMBERS]) {
    if (field(name).value) {
      settings.set(name, field(name).value);
    }
  }
  settings.set("models", columns.map((column) => column.model).join(","));
  return `#ask?${settings}`;
}

async function copyLink() {
  history.replaceState(null, "", address());
  try {
    await navigator.clipboard.writeText(location.href);
    field("notice").textContent = "Link copied";
  } catch {
    field("notice").textContent = "The link is in the address bar";
  }
}

// Builds elements of the page.

/** Creates an element with properties and children. */
export function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

/** Formats a number; a dash stands for none. */
export function number(value, digits) {
  return value === null || value === undefined ? "–" : Number(value).toFixed(digits);
}

/** Creates a table that scrolls on narrow screens; its first `labels` columns are no numbers. */
export function table(name, columns, rows, labels) {
  const kind = (i) => (i < labels ? "" : "number");
  const head = element("tr", {},
    ...columns.map((text, i) => element("th", { scope: "col", className: kind(i) }, text)));
  const body = rows.map((cells) => element("tr", {},
    ...cells.map((cell, i) => element("td", { className: kind(i) }, cell))));
  const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: name }, made);
}

/** Creates a choice with a label; `part` holds both. */
export function choice(id, label, options, chosen, changed) {
  const select = element("select", { id, onchange: changed },
    ...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
  return { select, part: element("div", {}, element("label", { htmlFor: id }, label), select) };
}

// Marks the study's reflection keywords in text, as ReflectionKeywords counts them.

let pattern = null;

/** Loads the list of phrases, which is ordered longest first. */
export async function loadKeywords() {
  const answer = await fetch("/page/keywords.json");
  const { phrases } = await answer.json();
  pattern = new RegExp(`(?<![a-zA-Z])(?:${phrases.join("|")})(?![a-zA-Z])`, "gi");
}

/** Returns the text with its keywords marked as a fragment, and their number. */
export function marked(text) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  let count = 0;
  for (const match of pattern ? text.matchAll(pattern) : []) {
    fragment.append(text.slice(end, match.index));
    const mark = document.createElement("mark");
    mark.textContent = match[0];
    fragment.append(mark);
    end = match.index + match[0].length;
    count++;
  }
  fragment.append(text.slice(end));
  return { fragment, count };
}

/**
 * A text that grows: whole lines are marked once, the last line anew at every change. No phrase
 * has a line break.
 */
export class MarkedText {
  constructor(element) {
    this.element = element;
    this.text = "";
    this.clear();
  }

  clear() {
    this.text = "";
    this.settled = 0; // the number of keywords in whole lines
    this.lineCount = 0;
    this.line = "";
    this.tail = document.createElement("span");
    this.element.replaceChildren(this.tail);
  }

  /** The number of keywords so far. */
  get count() {
    return this.settled + this.lineCount;
  }

  append(piece) {
    this.text += piece;
    this.line += piece;
    const follow = this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 24;
    const whole = this.line.lastIndexOf("\n") + 1;
    if (whole > 0) {
      const { fragment, count } = marked(this.line.slice(0, whole));
      this.tail.before(fragment);
      this.settled += count;
      this.line = this.line.slice(whole);
    }
    const { fragment, count } = marked(this.line);
    this.lineCount = count;
    this.tail.replaceChildren(fragment);
    if (follow) {
      this.element.scrollTop = this.element.scrollHeight;
    }
  }
}

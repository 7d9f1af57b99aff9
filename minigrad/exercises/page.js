// The page: shows an exercise, takes answers, says what became of them, and keeps that in this browser.

const known = JSON.parse(document.getElementById("content").textContent);
const say = (key, parts = {}) => Object.entries(parts).reduce((text, [name, part]) => text.replaceAll(`{${name}}`, () => part), known.words[key] ?? key);
const STORE = `minigrad exercise ${known.name}`;
const kept = read();
let current = null;

function read() {
  try { return {learner: "", marks: {}, texts: {}, ...JSON.parse(localStorage.getItem(STORE))}; }
  catch { return {learner: "", marks: {}, texts: {}}; }
}
function keep() {
  try { localStorage.setItem(STORE, JSON.stringify(kept)); } catch { /* a browser that keeps nothing still checks */ }
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name === "html") element.innerHTML = value; // mathematics that the library wrote
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

const asked = exercise => exercise.lines.filter(line => line.asked);
const markOf = (exercise, line) => (kept.marks[exercise.key] ??= {})[line.key] ??= {tries: 0, hints: 0, result: "", slips: []};
const isDone = (exercise, line) => markOf(exercise, line).result !== "";
const nextOf = exercise => asked(exercise).find(line => !isDone(exercise, line));
const isOver = exercise => asked(exercise).length > 0 && !nextOf(exercise);
const rightOf = exercise => asked(exercise).filter(line => markOf(exercise, line).result === "right");

function number(x) {
  if (!Number.isFinite(x)) return String(x);
  return String(Number(x.toPrecision(4))).replace("-", "−");
}

function matrix(value) {
  if (!value.shape.length) return make("span", {text: number(value.data[0])});
  const [rows, columns] = value.shape.length === 2 ? value.shape : [1, value.data.length];
  if (value.shape.length > 2 || value.data.length > 120) return make("span", {class: "shape", text: "…"});
  const table = make("table", {class: "matrix"});
  for (let i = 0; i < rows; i++) {
    const row = table.insertRow();
    for (let j = 0; j < columns; j++) row.insertCell().textContent = number(value.data[i * columns + j]);
  }
  return table;
}

function arrays(exercise, names) {
  return make("div", {class: "arrays"}, ...names.map(name => {
    const value = exercise.given[name];
    const symbol = exercise.symbols[name] ? make("span", {html: exercise.symbols[name]}) : make("code", {text: name});
    return make("div", {}, symbol, "=", matrix(value), make("span", {class: "shape", text: value.shape.length ? size(value) : ""}));
  }));
}

function show(exercise, focus = false) {
  current = exercise;
  const main = document.getElementById("main"), inside = exercise.inputs;
  main.replaceChildren(
    make("h2", {text: exercise.title}),
    make("p", {class: "about", text: exercise.about}),
    make("h3", {text: say("forward")}),
    make("ul", {class: "formulas"}, ...exercise.forward.map(html => make("li", {html}))),
    make("h3", {text: say("given")}),
    arrays(exercise, inside),
    make("details", {class: "values"}, make("summary", {text: say("values")}), arrays(exercise, exercise.values)),
    ...exercise.facts.map(text => make("p", {class: "shape", text})),
    make("h3", {text: say("back")}),
    make("ol", {class: "lines"}, ...exercise.lines.map(line => lineOf(exercise, line))),
    make("div", {class: "summary", role: "status"}),
  );
  update();
  if (focus) main.focus();
}

// One line of the way back: to be read, or a blank with its form.
function lineOf(exercise, line) {
  if (!line.asked) return make("li", {class: "read"}, make("div", {class: "equation"}, make("span", {html: line.math}), make("span", {class: "shape", text: `${line.key}, ${size(line.value)}`})));
  const item = make("li", {"data-key": line.key}), texts = kept.texts[exercise.key] ??= {};
  const equation = make("div", {class: "equation"});
  const input = make("textarea", {
    rows: 1, id: `answer-${line.key}`, "aria-label": say("answer_to", {symbol: line.symbol}), "aria-describedby": `reply-${line.key}`,
    spellcheck: "false", autocapitalize: "off", autocomplete: "off",
    oninput: () => { texts[line.key] = input.value; grow(input); keep(); },
    onkeydown: event => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); check(exercise, line); } },
  });
  input.value = texts[line.key] ?? "";
  const more = ["hint", "answer", "skip"].map(word => make("button", {type: "button", "data-word": word, text: say(word), onclick: () => WORDS[word](exercise, line)}));
  const form = make("form", {class: "answer", onsubmit: event => { event.preventDefault(); check(exercise, line); }},
    input, make("button", {class: "main", type: "submit", text: say("check")}), chips(exercise, line, input), make("div", {class: "more"}, ...more));
  item.append(equation, form, make("ol", {class: "hints"}), make("div", {class: "reply", id: `reply-${line.key}`, role: "status"}), make("div", {class: "way"}));
  return item;
}

// What can be put in by a touch; whoever types needs none of them, and the Tab key passes them by.
function chips(exercise, line, input) {
  const names = Object.keys(namesFor(exercise, line)), operations = ["@", ".T", "*", "-", "+", "/", "(", ")", "**2", ".sum(axis=0)"];
  const insert = text => {
    const [from, to] = [input.selectionStart, input.selectionEnd];
    const spaced = /^[@*+/-]$/.test(text) ? ` ${text} ` : text;
    input.setRangeText(spaced, from, to, "end");
    input.focus();
    input.dispatchEvent(new Event("input"));
  };
  const chip = (text, kind) => make("button", {type: "button", tabindex: -1, class: kind, text, onclick: () => insert(text)});
  return make("div", {class: "chips", role: "group", "aria-label": say("insert")}, ...names.filter(name => name !== "E").map(name => chip(name, "name")), ...operations.map(text => chip(text, "operation")));
}

function grow(input) { input.rows = Math.min(8, Math.max(1, input.value.split("\n").length)); }

function namesFor(exercise, line) { // the arrays that an answer may use: what is given, and the gradients before it
  const names = {...exercise.given};
  for (const other of exercise.lines) {
    if (other === line) break;
    names[other.key] = other.value;
  }
  return names;
}

function check(exercise, line) {
  const mark = markOf(exercise, line), item = itemOf(line), text = item.querySelector("textarea").value;
  let found;
  try { found = judge(evaluate(text, namesFor(exercise, line), line.key), line); }
  catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return reply(item, [say(error.key, error.parts)]);
  }
  if (found.key === "digits") return reply(item, [say("digits")]);
  mark.tries += 1;
  if (found.right) {
    mark.result ||= "right";
    keep();
    reply(item, [say("right")], true);
    return finish(exercise, true);
  }
  const slip = typeof found.slip === "string" ? found.slip : say((found.slip ?? found).key, (found.slip ?? found).parts);
  mark.slips.push(slip);
  reply(item, [say("wrong", {slip}), ...where(found.at)]);
  if (mark.tries >= 2 && mark.hints < line.hints.length) hint(exercise, line);
  keep();
}

function where(at) { // rows and columns as people count them
  if (!at?.length) return [];
  const [row, column] = at.map(i => i + 1);
  return [at.length === 2 ? say("differs", {row, column}) : say("differs_at", {at: at.map(i => i + 1).join(", ")})];
}

function hint(exercise, line) {
  const mark = markOf(exercise, line);
  if (mark.hints >= line.hints.length) return reply(itemOf(line), [say("no_more_hints")]);
  mark.hints += 1;
  keep();
  update();
}

function answer(exercise, line) {
  const mark = markOf(exercise, line);
  if (!mark.tries && !mark.hints) {
    hint(exercise, line);
    return reply(itemOf(line), [say("hint_first")]);
  }
  mark.result ||= "shown";
  keep();
  reply(itemOf(line), [say("shown")]);
  finish(exercise);
}

function skip(exercise, line) {
  markOf(exercise, line).result ||= "skipped";
  keep();
  reply(itemOf(line), [say("skipped")]);
  finish(exercise);
}
const WORDS = {hint, answer, skip};

const itemOf = line => document.querySelector(`.lines > li[data-key="${CSS.escape(line.key)}"]`);

function reply(item, lines, good = false) {
  const box = item.querySelector(".reply");
  box.classList.toggle("good", good);
  box.replaceChildren(...lines.map(text => make("p", {text})));
}

function finish(exercise) { // on to the next blank, or to what comes after the last one
  update();
  const next = nextOf(exercise), to = next ? itemOf(next).querySelector("textarea") : document.querySelector(".summary button");
  to?.focus({preventScroll: true});
  (next ? itemOf(next) : to)?.scrollIntoView({block: "nearest", behavior: "smooth"});
}

// Show what has changed: what is solved, which blank is next, hints, how it went.
function update() {
  const exercise = current, next = nextOf(exercise);
  for (const line of asked(exercise)) {
    const item = itemOf(line), mark = markOf(exercise, line), open = mark.result === "", told = mark.result === "right" || mark.result === "shown";
    item.className = open ? (line === next ? "now" : "") : mark.result;
    item.querySelector(".equation").replaceChildren(
      make("span", {html: told ? line.math : line.left}),
      told ? make("code", {text: `${line.key} = ${line.code}`}) : make("span", {class: "shape", text: `= ?   ${line.key}, ${size(line.value)}`}),
      mark.result === "right" ? make("span", {class: "mark", text: "✓", "aria-hidden": "true"}) : "",
    );
    item.querySelector("form").hidden = told;
    item.querySelector(".hints").replaceChildren(...line.hints.slice(0, told ? 0 : mark.hints).map((found, i) =>
      make("li", {}, make("span", {class: "number", text: say("hint_number", {i: i + 1, n: line.hints.length})}), `${found.words} `, ...found.math.map(html => make("span", {html})))));
    item.querySelector(".way").innerHTML = mark.result === "shown" ? line.steps : "";
  }
  summarize(exercise);
  list();
}

function summarize(exercise) {
  const box = document.querySelector(".summary"), i = known.exercises.indexOf(exercise), after = known.exercises[i + 1];
  if (!isOver(exercise)) return box.replaceChildren();
  const right = rightOf(exercise), alone = right.filter(line => markOf(exercise, line).tries === 1 && !markOf(exercise, line).hints);
  box.replaceChildren(
    make("p", {text: say("all_done", {right: right.length, n: asked(exercise).length, alone: alone.length})}),
    make("button", {type: "button", "data-word": "again", text: say("again"), onclick: () => again(exercise)}),
    after ? make("button", {type: "button", class: "main", "data-word": "next", text: say("next"), onclick: () => go(after)}) : "",
  );
}

function again(exercise) {
  delete kept.marks[exercise.key];
  delete kept.texts[exercise.key];
  keep();
  show(exercise, true);
}

function list() {
  document.getElementById("list").replaceChildren(...known.exercises.map((exercise, i) => {
    const right = rightOf(exercise).length, n = asked(exercise).length, over = isOver(exercise);
    const state = over && right === n ? "✓" : right ? `${right}/${n}` : "";
    const button = make("button", {type: "button", class: over ? "done" : null, "aria-current": exercise === current ? "true" : null, onclick: () => go(exercise)},
      make("span", {class: "number", text: i + 1}), make("span", {class: "name", text: exercise.title}),
      make("span", {class: "state", "aria-hidden": "true", text: state}), make("span", {class: "hidden", text: `, ${say("done", {right, n})}`}));
    return make("li", {}, button);
  }));
}

function go(exercise) {
  history.replaceState(null, "", `#${encodeURIComponent(exercise.key)}`);
  show(exercise, true);
  window.scrollTo(0, 0);
}

function save(event) {
  event.preventDefault();
  const begun = Object.entries(kept.marks).map(([key, marks]) => [key, Object.fromEntries(Object.entries(marks).filter(([, x]) => x.tries || x.hints || x.result))]);
  const marks = Object.fromEntries(begun.filter(([, found]) => Object.keys(found).length));
  const text = `${JSON.stringify({"minigrad exercise": 1, learner: kept.learner, marks})}\n`;
  const link = make("a", {href: URL.createObjectURL(new Blob([text], {type: "application/json"})), download: `${kept.learner.trim().replace(/[^\p{L}\p{N}]+/gu, "-") || "results"}.json`});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const learner = document.getElementById("learner");
learner.value = kept.learner;
learner.addEventListener("input", () => { kept.learner = learner.value; keep(); });
document.getElementById("results").addEventListener("submit", save);
const wanted = () => known.exercises.find(x => x.key === decodeURIComponent(location.hash.slice(1)));
window.addEventListener("hashchange", () => { const found = wanted(); if (found) show(found, true); });
if (known.exercises.length === 1) document.querySelector("nav").hidden = true;
show(wanted() ?? known.exercises.find(x => !isOver(x)) ?? known.exercises[0]);

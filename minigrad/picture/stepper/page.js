"use strict";
const content = JSON.parse(document.getElementById("content").textContent);
const { steps, nodes, operations, prefix, words } = content;
const say = (key, parts = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
const by = (id) => document.getElementById(id);
const drawn = (id) => by(prefix + id);
const pieces = (id) => [id, `${id}_1`, `${id}_2`].map(drawn).filter(Boolean); // a long arrow is drawn in pieces
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const frame = by("frame");
const last = steps.length - 1;
let at = 0, chosen = null, timer = null;

const shownAt = {}; // the step at which each part of the picture appears, and the last that adds to it
steps.forEach((step, i) => {
  for (const id of step.shows) { shownAt[id] ??= i; nodes[id].done = i; }
  for (const id of step.arrows ?? []) shownAt[id] ??= i;
  if (step.phase === "forward") shownAt[step.operation] ??= i;
});

function make(tag, words = "", kind = "", ...children) {
  const element = document.createElement(tag);
  if (words) element.textContent = words;
  if (kind) element.className = kind;
  element.append(...children);
  return element;
}

const minus = (text) => String(text).replace("-", "−");
const figure = (x) => typeof x === "string" ? x : minus(Number.isInteger(x) ? x : Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3 ? x.toExponential(2) : Number(x.toPrecision(4)));
function writer(values) { // as many decimals for all numbers of a matrix, four digits of its largest
  const sizes = values.filter((x) => typeof x === "number").map(Math.abs);
  const largest = Math.max(0, ...sizes), places = Math.max(0, 4 - Math.max(0, Math.floor(Math.log10(largest || 1))));
  if (sizes.every(Number.isInteger) || largest >= 1e5 || largest < 1e-3) return figure;
  return (x) => typeof x === "number" && (x === 0 || Math.abs(x) >= 0.5 / 10 ** places) ? minus(x.toFixed(places)) : figure(x);
}

const shape = (node) => node.shape.length ? node.shape.join("×") : words.scalar;

function numbers(value, label, count = 1) {
  if (!value) return make("p", count > 1 ? say("one for each", { count }) : words.unknown, "none");
  if (value.empty) return make("p", words.empty, "none");
  if (value.rows) {
    const table = make("table");
    table.setAttribute("aria-label", label);
    const write = writer(value.rows.flat());
    for (const row of value.rows) table.append(make("tr", "", "", ...row.map((x) => make("td", write(x)))));
    return make("div", "", "scroll", make("span", "", "matrix", table));
  }
  const list = make("dl");
  for (const key of ["mean", "norm", "least", "most"])
    list.append(make("div", "", "", make("dt", words[key]), make("dd", figure(value[key]))));
  return list;
}

function formula(node) {
  const line = make("div", "", "formula");
  if (node.math) {
    line.innerHTML = node.math; // written by minigrad; names in it are escaped, and the page's policy runs no script
    line.firstChild.setAttribute("alttext", `${node.heading} = ${node.formula}`);
    line.prepend(make("span", `${node.heading} = `, "symbol"));
  } else line.textContent = node.formula ? `${node.heading} = ${node.formula}` : node.heading;
  return line;
}

function product(term, target) {
  const up = make("span", term.upstream, "up"), local = make("span", term.local, "local");
  const [a, b] = term.left ? [local, up] : [up, local];
  return make("p", "", "product", `${target} ← ${term.sum ? `${term.sum} ` : ""}`, a, " × ", b);
}

function termItem(term, id) {
  const item = make("li", "", "", product(term, nodes[id].symbol));
  const upstream = numbers(nodes[term.from].value, say("upstream", { formula: term.upstream }));
  const one = term.local === "1";
  const local = one ? make("span", "1", "local one") : numbers(term.derivative, say("local", { formula: term.local }));
  const [first, second] = term.left ? [local, upstream] : [upstream, local];
  const sum = term.sum ? [make("span", term.sum, "sum")] : [];
  for (const sign of sum) sign.title = words[term.sum === "Σₙ" ? "over the batch" : "over what was broadcast"];
  const known = upstream.tagName === "DIV" && (one || (term.derivative && term.derivative.rows));
  const result = numbers(term.product ?? nodes[id].value, words.product, nodes[id].count);
  const signed = (sign, part) => make("span", "", "group", make("span", sign, "sign"), part); // a sign stays with what follows it
  const row = known ? [make("span", "", "group", ...sum, first), signed("×", second), signed("=", result)] : [result];
  item.append(make("div", "", "numbers", ...row));
  return item;
}

function showStep(step) {
  const title = make("h2", "", "", make("span", words[`phase ${step.phase}`], `chip ${step.phase}`), step.label);
  title.id = "step-title";
  const body = [];
  if (step.phase === "forward") {
    const node = nodes[step.shows[0]];
    body.push(formula(node), numbers(node.value, node.symbol, node.count));
  } else if (step.phase === "backward" && step.operation) {
    const list = make("ul");
    for (const id of step.shows) for (const term of nodes[id].terms) if (step.arrows.includes(term.arrow)) list.append(termItem(term, id));
    body.push(make("h3", words["chain rule"]), list);
  } else if (step.phase === "backward") body.push(formula(nodes[step.shows[0]]));
  else body.push(links(step.shows));
  by("step").replaceChildren(title, ...body);
}

function links(ids) {
  return make("div", "", "links", ...ids.map((id) => {
    const button = make("button", nodes[id].symbol, "symbol");
    button.addEventListener("click", () => choose(id));
    return button;
  }));
}

function jump(words, step) {
  const button = make("button", words);
  button.addEventListener("click", () => go(step));
  return button;
}

function showNode(id) {
  const node = nodes[id], own = !node.of;
  const title = make("h2", "", "", make("span", words[`kind ${node.kind}`], `chip ${node.kind}`), make("span", node.heading, "symbol"), make("span", shape(node), "shape"));
  title.id = "node-title";
  const body = [];
  if (node.formula) body.push(make("h3", words.formula), formula(node));
  const later = node.done > at;
  body.push(make("h3", own ? words.value : words.gradient), later ? make("p", say(own ? "computed at" : "complete at", { step: node.done }), "none") : numbers(node.value, node.symbol, node.count));
  const gradient = own ? nodes[node.gradient] : node;
  if (own && gradient) body.push(make("h3", say("gradient of", { symbol: gradient.heading })), gradient.done > at ? make("p", say("computed at", { step: gradient.done }), "none") : numbers(gradient.value, gradient.symbol, gradient.count));
  if (own && !gradient) body.push(make("h3", words.gradient), make("p", words["no gradient"], "none"));
  if (gradient?.terms?.length) {
    const several = gradient.terms.length > 1;
    body.push(make("h3", say(several ? "chain rule, summed" : "chain rule", { count: gradient.terms.length })),
      make("ul", "", "", ...gradient.terms.map((term) => make("li", "", "", product(term, gradient.symbol)))));
  }
  const steps = make("div", "", "links", jump(say(node.done ? "to its step" : "to the inputs", { step: node.done }), node.done));
  if (own && gradient) steps.append(jump(say("to its gradient", { step: gradient.done }), gradient.done));
  by("node").replaceChildren(title, ...body, steps);
}

function choose(id) {
  drawn(chosen)?.classList.remove("chosen");
  chosen = id;
  drawn(id)?.classList.add("chosen");
  showNode(id);
}

let begun = false; // a link to a step shows it at once

function follow(ids) {
  const boxes = ids.map(drawn).filter(Boolean).map((part) => part.getBoundingClientRect());
  if (!boxes.length) return;
  const view = frame.getBoundingClientRect();
  const left = Math.min(...boxes.map((b) => b.left)), right = Math.max(...boxes.map((b) => b.right));
  const top = Math.min(...boxes.map((b) => b.top)), bottom = Math.max(...boxes.map((b) => b.bottom));
  const wide = right - left > view.width - 40; // then the part that was just computed matters most
  const centre = wide ? (boxes[0].left + boxes[0].right) / 2 : (left + right) / 2;
  frame.scrollTo({ left: frame.scrollLeft + centre - view.left - view.width / 2,
    top: frame.scrollTop + (top + bottom) / 2 - view.top - view.height / 2, behavior: calm.matches || !begun ? "auto" : "smooth" });
}

function go(step) {
  at = Math.max(0, Math.min(last, step));
  const now = steps[at], active = new Set([...now.shows, ...(now.arrows ?? []), now.operation]);
  document.body.className = now.phase;
  for (const part of frame.querySelectorAll("g.part")) {
    const id = part.dataset.id;
    part.classList.toggle("later", shownAt[id] > at);
    part.classList.toggle("now", active.has(id) && (at > 0 || now.phase !== "start"));
    if (part.classList.contains("box")) {
      part.setAttribute("aria-label", label(id)); // which says all that is written in it
      for (const text of part.querySelectorAll("text")) text.setAttribute("aria-hidden", "true");
    }
    if (many) part.tabIndex = active.has(id) || now.uses.includes(id) ? 0 : -1;
  }
  by("slider").value = at;
  by("slider").setAttribute("aria-valuetext", say("at, named", { at, last, phase: words[`phase ${now.phase}`], label: now.label }));
  by("count").textContent = say("at", { at, last });
  by("count").href = `#step=${at}`;
  if (at !== asked()) try { history.replaceState(null, "", at ? `#step=${at}` : location.pathname + location.search); } catch { /* in a notebook's frame there is no address */ }
  by("said").textContent = now.said;
  for (const [id, off] of [["first", at === 0], ["previous", at === 0], ["next", at === last], ["last", at === last]])
    by(id).disabled = off;
  showStep(now);
  choose(now.shows.at(now.phase === "start" ? 0 : -1));
  follow([...now.shows, now.operation, ...now.uses]);
  if (at === last) stop();
}

function label(id) {
  const node = nodes[id], known = node.done <= at;
  const size = node.shape.length === 2 ? say("by", { rows: node.shape[0], columns: node.shape[1] }) : shape(node);
  return [node.heading, words[`kind ${node.kind}`], size, node.formula, known ? "" : words["not yet"]].filter(Boolean).join(words[", "]);
}

function stop() {
  clearInterval(timer);
  timer = null;
  by("play").textContent = words.play;
  by("play").setAttribute("aria-pressed", "false");
}

function play() {
  if (timer) return stop();
  if (at === last) go(0);
  timer = setInterval(() => go(at + 1), 1600);
  by("play").textContent = words.pause;
  by("play").setAttribute("aria-pressed", "true");
}

function fit(on) {
  frame.classList.toggle("fit", on);
  by("fit").setAttribute("aria-pressed", on);
}

function asked() { // the step that the address names, which is 0 if it names none
  const found = /^#step=(\d+)$/.exec(location.hash);
  return found ? Number(found[1]) : 0;
}

const many = Object.keys(nodes).length > 80; // then Tab goes through those of the step alone
const svg = frame.querySelector("svg");
svg.setAttribute("role", "group");
svg.setAttribute("aria-label", words.graph);
for (const [id, node] of Object.entries(nodes)) {
  const part = drawn(id);
  if (!part) continue;
  part.classList.add("part", "box");
  part.dataset.id = id;
  part.setAttribute("role", "button");
  part.tabIndex = 0;
  part.addEventListener("click", () => { stop(); choose(id); });
  part.addEventListener("focus", () => { if (part.matches(":focus-visible")) choose(id); });
  part.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(id);
    by("panel").scrollIntoView({ block: "nearest" });
  });
}
for (const id of Object.keys(shownAt)) {
  for (const part of nodes[id] ? [] : pieces(id)) {
    part.classList.add("part");
    part.dataset.id = id;
    if (operations[id]) part.addEventListener("click", () => { stop(); go(shownAt[id]); });
  }
}

const wide = svg.getBoundingClientRect().width;
if (wide > frame.clientWidth && wide * 0.55 < frame.clientWidth) fit(true);
if (wide <= frame.clientWidth) by("fit").hidden = true;
by("fit").addEventListener("click", () => { fit(!frame.classList.contains("fit")); follow(steps[at].shows); });
by("first").addEventListener("click", () => { stop(); go(0); });
by("previous").addEventListener("click", () => { stop(); go(at - 1); });
by("next").addEventListener("click", () => { stop(); go(at + 1); });
by("last").addEventListener("click", () => { stop(); go(last); });
by("slider").addEventListener("input", (event) => { stop(); go(Number(event.target.value)); });
by("play").addEventListener("click", play);
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.id === "slider") return;
  const move = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
  if (move !== undefined) { event.preventDefault(); stop(); go(move); }
  else if (event.key === "p" || event.key === "P") play();
});
addEventListener("hashchange", () => { stop(); go(asked()); });
go(asked());
begun = true;

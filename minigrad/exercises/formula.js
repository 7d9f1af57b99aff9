// Formulas as a learner of NumPy writes them: read, and computed with arrays {shape, data} of any number of axes.

class Wrong extends Error { // what is wrong with an answer: the key of a sentence, and what is put in
  constructor(key, parts = {}) { super(key); this.key = key; this.parts = parts; }
}

const array = (shape, data) => ({shape, data});
const scalar = x => array([], [x]);
const count = shape => shape.reduce((n, k) => n * k, 1);

const SIGNS = {"−": "-", "–": "-", "×": "*", "⊙": "*", "∗": "*", "·": "*", "＋": "+", "（": "(", "）": ")", "，": ",", "　": " "};
const DIGITS = {"₀": 0, "₁": 1, "₂": 2, "₃": 3, "₄": 4, "₅": 5, "₆": 6, "₇": 7, "₈": 8, "₉": 9};

// What a book writes, as NumPy writes it: ∂E/∂W₁ is dW1, δ₁ delta1, Xᵀ X.T, Y² Y**2.
function plain(text) {
  return [...text.normalize("NFC")].map(c => SIGNS[c] ?? DIGITS[c] ?? c).join("")
    .replace(/∂E\s*\/\s*∂/g, "d").replace(/δ/g, "delta").replace(/σ(?=\s*\()/g, "sigmoid")
    .replace(/ᵀ|\^\s*T\b|\^\s*⊤|⊤/g, ".T").replace(/²/g, "**2");
}

function tokens(text) {
  const pattern = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*)|(\*\*|>=|<=|[-+*\/@().,=<>^]))/uy;
  const found = [];
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex, match = pattern.exec(text);
    if (!match) {
      if (!text.slice(at).trim()) break;
      throw new Wrong("sign", {sign: text.slice(at).trim()[0]});
    }
    found.push(match[1] ? {number: Number(match[1])} : match[2] ? {name: match[2]} : {sign: match[3]});
  }
  return found;
}

// A formula by Python's precedence: comparison, sum, product, sign, power, and what follows a value: .T, .sum(axis=0).
class Parser {
  constructor(text, names) { this.found = tokens(text); this.i = 0; this.names = names; }
  get next() { return this.found[this.i] ?? {}; }
  take(...signs) { return signs.includes(this.next.sign) ? this.found[this.i++].sign : null; }
  need(sign) {
    if (!this.take(sign)) throw new Wrong("missing", {sign});
  }
  all() {
    const value = this.comparison();
    if (this.next.sign === "^") throw new Wrong("caret");
    if (this.next.sign === "=") throw new Wrong("equals");
    if (this.i < this.found.length) throw new Wrong("rest", {rest: written(this.next)});
    return value;
  }
  comparison() {
    const left = this.sum(), sign = this.take(">", "<", ">=", "<=");
    return sign ? pairwise(left, this.sum(), COMPARE[sign]) : left;
  }
  sum() {
    let value = this.product();
    for (let sign; (sign = this.take("+", "-"));) value = pairwise(value, this.product(), ARITHMETIC[sign]);
    return value;
  }
  product() {
    let value = this.signed();
    for (let sign; (sign = this.take("*", "/", "@"));) {
      const right = this.signed();
      value = sign === "@" ? product(value, right) : pairwise(value, right, ARITHMETIC[sign]);
    }
    return value;
  }
  signed() {
    if (this.take("-")) return each(this.signed(), x => -x);
    if (this.take("+")) return this.signed();
    const base = this.value();
    return this.take("**") ? pairwise(base, this.signed(), Math.pow) : base;
  }
  value() {
    let value = this.atom();
    while (this.take(".")) {
      const name = this.next.name;
      this.i++;
      if (name === "T") value = transposed(value);
      else if (Object.hasOwn(METHODS, name ?? "")) value = METHODS[name](value, ...this.call());
      else throw new Wrong("method", {name: name ?? ""});
    }
    return value;
  }
  atom() {
    const {number, name} = this.next;
    if (number !== undefined) { this.i++; return scalar(number); }
    if (this.take("(")) {
      const inside = this.comparison();
      this.need(")");
      return inside;
    }
    if (name === undefined) throw new Wrong(this.next.sign ? "unexpected" : "ends", {sign: this.next.sign});
    this.i++;
    if (name === "np" && this.take(".")) return this.named(this.found[this.i++]?.name ?? "");
    return this.named(name);
  }
  named(name) {
    if (this.next.sign === "(" && Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name](...this.call());
    if (Object.hasOwn(this.names, name)) return this.names[name];
    if (name === "pi") return scalar(Math.PI);
    throw new Wrong("name", {name, names: Object.keys(this.names).join(", ")});
  }
  call() { // (value, …, axis=0, keepdims=True)
    const values = [], options = {};
    this.need("(");
    while (!this.take(")")) {
      const word = this.next.name, given = this.found[this.i + 1]?.sign === "=";
      if (given && (word === "axis" || word === "keepdims")) { this.i += 2; options[word] = this.option(); }
      else values.push(this.comparison());
      if (!this.take(",") && this.next.sign !== ")") throw new Wrong("missing", {sign: ")"});
    }
    return [...values, options];
  }
  option() {
    const minus = this.take("-") ? -1 : 1, {number, name} = this.next;
    this.i++;
    if (number !== undefined) return minus * number;
    if (["True", "False", "None"].includes(name)) return {True: true, False: false, None: undefined}[name];
    throw new Wrong("axis");
  }
}

const written = token => String(token.number ?? token.name ?? token.sign ?? "");
const ARITHMETIC = {"+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b};
const COMPARE = {">": (a, b) => +(a > b), "<": (a, b) => +(a < b), ">=": (a, b) => +(a >= b), "<=": (a, b) => +(a <= b)};
const each = (x, f) => array(x.shape, x.data.map(v => f(v)));

function pairwise(a, b, f) { // with broadcasting, as NumPy does
  const n = Math.max(a.shape.length, b.shape.length), shape = [];
  const [from, by] = [a, b].map(x => [...Array(n - x.shape.length).fill(1), ...x.shape]);
  for (let i = 0; i < n; i++) {
    if (from[i] !== by[i] && from[i] !== 1 && by[i] !== 1) throw new Wrong("shapes", {a: size(a), b: size(b)});
    shape.push(from[i] === 1 ? by[i] : from[i]);
  }
  const pick = sizes => { // the step of each axis in the data, 0 where it is broadcast
    const steps = [];
    sizes.reduceRight((step, k, i) => { steps[i] = k === 1 ? 0 : step; return step * k; }, 1);
    return steps;
  };
  const [p, q] = [pick(from), pick(by)], data = [];
  for (let k = 0, all = count(shape); k < all; k++) {
    let rest = k, i = 0, j = 0;
    for (let axis = n - 1; axis >= 0; axis--) {
      const at = rest % shape[axis];
      rest = (rest - at) / shape[axis];
      i += at * p[axis];
      j += at * q[axis];
    }
    data.push(f(a.data[i], b.data[j]));
  }
  return array(shape, data);
}

function product(a, b) { // a @ b of vectors and matrices
  if (!a.shape.length || !b.shape.length || a.shape.length > 2 || b.shape.length > 2) throw new Wrong("matmul", {a: size(a), b: size(b)});
  const row = a.shape.length === 1, column = b.shape.length === 1;
  const [m, k] = row ? [1, a.shape[0]] : a.shape, [l, n] = column ? [b.shape[0], 1] : b.shape;
  if (k !== l) throw new Wrong("inner", {a: size(a), b: size(b)});
  const data = [];
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let r = 0; r < k; r++) sum += a.data[i * k + r] * b.data[r * n + j];
    data.push(sum);
  }
  return array([...(row ? [] : [m]), ...(column ? [] : [n])], data);
}

function transposed(x) {
  if (x.shape.length < 2) return x;
  if (x.shape.length > 2) throw new Wrong("matmul", {a: size(x), b: size(x)});
  const [m, n] = x.shape;
  return array([n, m], Array.from({length: m * n}, (_, i) => x.data[(i % m) * n + Math.floor(i / m)]));
}

function reduce(x, options, f, mean) {
  const n = x.shape.length, axis = options.axis;
  if (axis !== undefined && !(Number.isInteger(axis) && axis >= -n && axis < n)) throw new Wrong("axes", {axis, x: size(x)});
  const gone = axis === undefined ? [...x.shape.keys()] : [axis < 0 ? axis + n : axis];
  const kept = x.shape.map((k, i) => gone.includes(i) ? 1 : k), parts = Array.from({length: count(kept)}, () => []);
  x.data.forEach((value, k) => {
    let to = 0, step = 1, rest = k;
    for (let i = n - 1; i >= 0; i--) {
      const at = rest % x.shape[i];
      rest = (rest - at) / x.shape[i];
      if (!gone.includes(i)) { to += at * step; step *= x.shape[i]; }
    }
    parts[to].push(value);
  });
  const data = parts.map(part => part.reduce((a, b) => f(a, b)) / (mean ? part.length : 1));
  return array(options.keepdims ? kept : kept.filter((_, i) => !gone.includes(i)), data);
}

const one = f => (x, ...more) => {
  if (!x?.shape || more.length > 1) throw new Wrong("arguments");
  return each(x, f);
};
const add = (a, b) => a + b;
const along = (f, mean) => (x, ...more) => { // sum(x, axis=0), or sum(x, 0)
  const options = {...more.at(-1)};
  if (!x?.shape) throw new Wrong("arguments");
  if (more.length > 1) options.axis = more[0].data[0];
  return reduce(x, options, f, mean);
};
const METHODS = {sum: along(add), mean: along(add, true), max: along(Math.max), min: along(Math.min)};
const FUNCTIONS = {
  exp: one(Math.exp), log: one(Math.log), sqrt: one(Math.sqrt), tanh: one(Math.tanh), sin: one(Math.sin), cos: one(Math.cos),
  abs: one(Math.abs), square: one(x => x * x), sign: one(Math.sign), ones_like: one(() => 1), zeros_like: one(() => 0),
  sigmoid: one(x => 1 / (1 + Math.exp(-x))), relu: one(x => Math.max(x, 0)),
  sum: along(add), mean: along(add, true),
  transpose: (x, ...more) => { if (!x?.shape || more.length > 1) throw new Wrong("arguments"); return transposed(x); },
  maximum: (a, b, ...more) => { if (!b?.shape || more.length > 1) throw new Wrong("arguments"); return pairwise(a, b, Math.max); },
  outer: (a, b, ...more) => {
    if (!b?.shape || more.length > 1) throw new Wrong("arguments");
    return product(array([a.data.length, 1], a.data), array([1, b.data.length], b.data));
  },
  softmax: (x, ...more) => {
    if (!x?.shape) throw new Wrong("arguments");
    const e = each(x, Math.exp);
    return pairwise(e, reduce(e, {axis: -1, keepdims: true}, add), ARITHMETIC["/"]);
  },
};
const size = x => x.shape.length ? `${x.shape.join(" × ")}` : "1";

// A matrix as it is typed: rows by lines or semicolons, numbers by spaces or commas, brackets as one likes.
function numbers(text) {
  let rows = plain(text).replace(/\]\s*,?\s*\[/g, ";").replace(/[\[\]]/g, " ").split(/[;\n]/);
  rows = rows.map(row => row.trim().split(/[\s,]+/).filter(Boolean)).filter(row => row.length);
  if (!rows.length || !rows.flat().every(x => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(x))) return null;
  if (rows.some(row => row.length !== rows[0].length)) throw new Wrong("ragged");
  const data = rows.flat().map(Number), nested = /\[\s*\[/.test(text) || rows.length > 1;
  const precision = rows.flat().map(x => {
    const [, decimals = "", power = 0] = /^[+-]?\d*\.?(\d*)(?:e([+-]?\d+))?$/i.exec(x);
    return 0.5 * 10 ** (Number(power) - decimals.length);
  });
  const shape = nested ? [rows.length, rows[0].length] : data.length > 1 || /\[/.test(text) ? [data.length] : [];
  return {...array(shape, data), precision};
}

// The value of an answer: typed numbers, or a formula of the arrays that are there; `key = …` may stand before it.
function evaluate(text, names, key) {
  const start = plain(text).trim();
  const assigned = /^([\p{L}_][\p{L}\p{N}_]*)\s*=(?!=)/u.exec(start);
  if (assigned && key && assigned[1] !== key) throw new Wrong("other", {name: assigned[1], key});
  const source = assigned ? start.slice(assigned[0].length) : text;
  if (!source.trim()) throw new Wrong("empty");
  return numbers(source) ?? new Parser(plain(source).replace(/\s+/g, " "), names).all();
}

// An answer against what is right and what each usual slip would give, in the order in which the library looks.

const CLOSE = 1e-7; // of the largest element: the arrays on the page have ten digits
const COARSE = 0.01; // of the largest element: typed numbers with fewer digits say too little

const largest = x => x.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
const sameShape = (a, b) => a.shape.length === b.shape.length && a.shape.every((k, i) => k === b.shape[i]);

// How far each element may be off: half a unit of the last digit that was typed, but never much.
function slack(answer, scale) {
  const least = CLOSE * Math.max(scale, 1e-12);
  return answer.data.map((_, i) => least + Math.min(answer.precision?.[i] * 1.001 || 0, COARSE * scale));
}

function isClose(answer, data) {
  const off = slack(answer, data.reduce((most, v) => Math.max(most, Math.abs(v)), 0));
  return answer.data.every((v, i) => Math.abs(v - data[i]) <= off[i]);
}

// A row of numbers may be typed for a row vector or a matrix of one row, and a number for an array of one.
function fitted(answer, shape) {
  const loose = answer.precision && count(answer.shape) === count(shape) && shape.filter(k => k > 1).length <= 1;
  return loose ? {...answer, shape} : answer;
}

function judge(answer, question) {
  const right = question.value, mine = fitted(answer, right.shape);
  if (!mine.data.every(Number.isFinite)) return {key: "infinite"};
  const same = sameShape(mine, right);
  if (same && isClose(mine, right.data)) return {right: true};
  if (same && isCoarse(mine, right)) return {key: "digits"};
  return {slip: slipIn(mine, question, same) ?? shapeOf(mine, right), at: same ? farthest(mine, right) : null};
}

// Typed too coarsely to be told from what is right.
function isCoarse(answer, right) {
  return Boolean(answer.precision) && answer.data.every((v, i) => Math.abs(v - right.data[i]) <= answer.precision[i] * 1.001);
}

// Those elements of an array by which a large one is told from another.
const picked = (x, at) => at ? {...x, data: at.map(i => x.data[i]), precision: x.precision && at.map(i => x.precision[i])} : x;

function slipIn(whole, question, same) {
  const {wrong, factors, straight} = question, at = same ? question.at : null;
  const answer = picked(whole, at), right = picked(question.value, at);
  const factor = data => factors.find(([c]) => isClose(answer, data.map(v => c * v)))?.[1];
  if (same && largest(right)) {
    const says = factor(right.data);
    if (says) return says;
  }
  const fits = wrong.filter(([, x]) => sameShape(answer, x));
  const alone = fits.find(([, x]) => isClose(answer, x.data));
  if (alone) return alone[0];
  for (const [says, slope] of same ? straight : []) {
    const eta = nearest(answer, right, slope);
    if (eta > 0 && isClose(answer, right.data.map((v, i) => v + eta * slope.data[i]))) return says.replace("{eta}", String(Number(eta.toPrecision(4))));
  }
  for (const [says, x] of fits) {
    const more = largest(x) ? factor(x.data) : null;
    if (more) return question.both.replace("{first}", says).replace("{second}", more);
  }
  return question.pairs.find(([, x]) => sameShape(answer, x) && isClose(answer, x.data))?.[0] ?? null;
}

// The η for which right + η slope is nearest to an answer; of straight lines that miss it, isClose tells.
function nearest(answer, right, slope) {
  const dot = slope.data.reduce((sum, v) => sum + v * v, 0);
  return slope.data.reduce((sum, v, i) => sum + v * (answer.data[i] - right.data[i]), 0) / dot;
}

function shapeOf(answer, right) {
  return sameShape(answer, right) ? {key: "unusual"} : {key: "shape", parts: {there: size(answer), wanted: size(right)}};
}

function farthest(answer, right) {
  let at = 0, most = -1;
  answer.data.forEach((v, i) => { const off = Math.abs(v - right.data[i]); if (off > most) [most, at] = [off, i]; });
  return right.shape.length ? right.shape.map((k, i) => Math.floor(at / count(right.shape.slice(i + 1))) % k) : null;
}

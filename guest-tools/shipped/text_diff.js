/* sandglass:tool
{
 "name": "text_diff",
 "description": "Compares two texts line by line and answers a unified diff",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "compare",
  "unified",
  "patch"
 ],
 "input": {
  "type": "object",
  "properties": {
   "before": {
    "type": "string",
    "description": "The former text"
   },
   "after": {
    "type": "string",
    "description": "The newer text"
   },
   "context": {
    "type": "integer",
    "description": "Equal lines around each change",
    "minimum": 0,
    "maximum": 100,
    "default": 3
   },
   "name": {
    "type": "string",
    "description": "Name of the file in the head of the diff",
    "default": "text"
   }
  },
  "required": [
   "before",
   "after"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "examples": [
  {
   "input": {
    "before": "a\nb\nc\n",
    "after": "a\nB\nc\n"
   },
   "output": {
    "equal": false,
    "added": 1,
    "removed": 1,
    "diff": "--- a/text\n+++ b/text\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
   }
  }
 ]
}
*/
const MOST_LINES = 20_000;

export function run({ before, after, context, name }) {
  const [a, b] = [linesOf(before), linesOf(after)];
  if (a.length + b.length > MOST_LINES)
    throw new Error(`Cannot compare: the texts have ${a.length + b.length} lines, over ${MOST_LINES}`);
  const steps = compare(a, b);
  const added = steps.filter(({ mark }) => mark === '+').length;
  const removed = steps.filter(({ mark }) => mark === '-').length;
  if (added + removed === 0) return { equal: true, added, removed, diff: '' };
  return {
    equal: false,
    added,
    removed,
    diff: `--- a/${name}\n+++ b/${name}\n${hunks(steps, context).join('')}`,
  };
}

/** With their ends: a last line without one is another line. */
const linesOf = (text) => (text === '' ? [] : text.split(/(?<=\n)/));

/** Myers' shortest edit script. What is equal at both ends is left out of it. */
function compare(a, b) {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from += 1;
  let tail = 0;
  while (
    tail < a.length - from &&
    tail < b.length - from &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail += 1;
  const [one, other] = [a.slice(from, a.length - tail), b.slice(from, b.length - tail)];
  const equal = (line) => ({ mark: ' ', line });
  return [...a.slice(0, from).map(equal), ...edits(one, other), ...a.slice(a.length - tail).map(equal)];
}

function edits(a, b) {
  const most = Math.min(a.length + b.length, 700);
  const trail = [];
  let best = new Map([[1, 0]]);
  for (let cost = 0; cost <= most; cost += 1) {
    trail.push(best);
    const next = new Map(best);
    for (let diagonal = -cost; diagonal <= cost; diagonal += 2) {
      const down =
        diagonal === -cost ||
        (diagonal !== cost && (next.get(diagonal - 1) ?? -1) < (next.get(diagonal + 1) ?? -1));
      let x = down ? (next.get(diagonal + 1) ?? 0) : (next.get(diagonal - 1) ?? 0) + 1;
      let y = x - diagonal;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      next.set(diagonal, x);
      if (x >= a.length && y >= b.length) return walkBack(a, b, trail, cost);
    }
    best = next;
  }
  // Texts that differ nearly everywhere: all of one goes, all of the other comes.
  return [...a.map((line) => ({ mark: '-', line })), ...b.map((line) => ({ mark: '+', line }))];
}

function walkBack(a, b, trail, cost) {
  const steps = [];
  let [x, y] = [a.length, b.length];
  for (let left = cost; left > 0; left -= 1) {
    const best = trail[left];
    const diagonal = x - y;
    const down =
      diagonal === -left ||
      (diagonal !== left && (best.get(diagonal - 1) ?? -1) < (best.get(diagonal + 1) ?? -1));
    const before = down ? diagonal + 1 : diagonal - 1;
    const fromX = best.get(before) ?? 0;
    const fromY = fromX - before;
    while (x > fromX && y > fromY && x > 0 && y > 0 && a[x - 1] === b[y - 1]) {
      x -= 1;
      y -= 1;
      steps.push({ mark: ' ', line: a[x] });
    }
    if (down) {
      y -= 1;
      steps.push({ mark: '+', line: b[y] });
    } else {
      x -= 1;
      steps.push({ mark: '-', line: a[x] });
    }
  }
  while (x > 0) {
    x -= 1;
    steps.push({ mark: ' ', line: a[x] });
  }
  return steps.reverse();
}

function hunks(steps, context) {
  const changed = steps.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  const ranges = [];
  for (const index of changed) {
    const last = ranges.at(-1);
    if (last !== undefined && index - context <= last.to) last.to = index + context + 1;
    else ranges.push({ from: Math.max(0, index - context), to: index + context + 1 });
  }
  const numbers = (upTo, mark) => steps.slice(0, upTo).filter((step) => step.mark !== mark).length;
  return ranges.map(({ from, to }) => {
    const some = steps.slice(from, to);
    const count = (mark) => some.filter((step) => step.mark !== mark).length;
    const range = (mark) => {
      const [start, length] = [numbers(from, mark) + 1, count(mark)];
      return `${length === 0 ? start - 1 : start}${length === 1 ? '' : `,${length}`}`;
    };
    const body = some
      .map(({ mark, line }) =>
        line.endsWith('\n') ? `${mark}${line}` : `${mark}${line}\n\\ No newline at end of file\n`,
      )
      .join('');
    return `@@ -${range('+')} +${range('-')} @@\n${body}`;
  });
}

import { type Callable, inner, type Named, nodeError } from '../inner.ts';
import { builtin } from '../registry.ts';
import { process } from './process.ts';
import { MockTracker } from './test-mocks.ts';

type Hook = 'before' | 'after' | 'beforeEach' | 'afterEach';
interface Failure {
  readonly error: unknown;
}

/** A test or a suite, and what stands in it. */
class Item {
  readonly hooks: Readonly<Record<Hook, Callable[]>> = {
    before: [],
    after: [],
    beforeEach: [],
    afterEach: [],
  };
  readonly items: Item[] = [];
  /** The last of the tests that run in it: they run one after the other. */
  last: Promise<void> = Promise.resolve();
  failure: Failure | undefined;
  /** Tests in it that failed. */
  failed = 0;
  skip: unknown;
  todo: unknown;
  /** Its name stands above what is in it already. */
  announced = false;
  readonly assertions: { planned: number | undefined; made: number } = { planned: undefined, made: 0 };
  readonly name: string;
  readonly parent: Item | undefined;
  readonly isSuite: boolean;
  readonly options: Named;
  readonly body: Callable | undefined;
  readonly place: string;
  constructor(name: string, parent: Item | undefined, isSuite: boolean, options: Named, body?: Callable) {
    this.name = name;
    this.parent = parent;
    this.isSuite = isSuite;
    this.options = options;
    this.body = body;
    this.skip = options.skip;
    this.todo = options.todo;
    this.place = placeOfCall();
  }
  get level(): number {
    return this.parent === undefined || this.parent.parent === undefined ? 0 : this.parent.level + 1;
  }
  get fullName(): string {
    return this.parent === undefined || this.parent.parent === undefined
      ? this.name
      : `${this.parent.fullName} > ${this.name}`;
  }
}

/** Where a program names a test: the first of its own frames. */
const placeOfCall = (): string =>
  /^\s*at (?:.*\()?(.*:\d+:\d+)\)?$/m.exec(String(new Error().stack))?.[1] ?? '';

const root = new Item('', undefined, true, {});
/** The suite whose body runs. */
let around = root;
const counts = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
const failures: { readonly item: Item; readonly line: string }[] = [];
let begun: number | undefined;

const line = (item: Item, text: string): void => inner.write(0, `${'  '.repeat(item.level)}${text}\n`);

const announce = (item: Item | undefined): void => {
  if (item?.parent === undefined || item.announced) return;
  announce(item.parent);
  item.announced = true;
  line(item, `▶ ${item.name}`);
};

const marked = (value: unknown): boolean => value !== undefined && value !== false;

const report = (item: Item, ms: number): void => {
  const { skip, todo, failure } = item;
  const fails = failure !== undefined || item.failed > 0;
  if (item.isSuite) counts.suites += 1;
  else {
    counts.tests += 1;
    const kind = marked(skip) ? 'skipped' : marked(todo) ? 'todo' : fails ? 'fail' : 'pass';
    counts[kind] += 1;
  }
  const reason = marked(skip) ? ['SKIP', skip] : marked(todo) ? ['TODO', todo] : [];
  const note = reason.length === 0 ? '' : ` # ${typeof reason[1] === 'string' ? reason[1] : reason[0]}`;
  const text = `${marked(skip) ? '﹣' : fails ? '✖' : '✔'} ${item.name} (${ms}ms)${note}`;
  announce(item.parent);
  line(item, text);
  if (!fails || marked(todo)) return;
  if (item.parent !== undefined) item.parent.failed += 1;
  process.exitCode = 1;
  if (failure !== undefined) failures.push({ item, line: text });
};

/** The tests that stand around another, outermost first. */
const above = (item: Item): readonly Item[] =>
  item.parent === undefined ? [] : [...above(item.parent), item.parent];

/** One with as many parameters as it is given and one more has its end told by a callback. */
const called = (body: Callable, self: unknown, given: unknown): Promise<unknown> => {
  if (body.length < 2) return Promise.resolve().then(() => Reflect.apply(body, self, [given]));
  return new Promise((resolve, reject) => {
    const done = (error?: unknown): void => (error ? reject(error) : resolve(undefined));
    Promise.resolve(Reflect.apply(body, self, [given, done])).catch(reject);
  });
};

const within = async (item: Item, work: Promise<unknown>): Promise<void> => {
  const most = item.options.timeout;
  if (typeof most !== 'number' || !Number.isFinite(most)) return void (await work);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(nodeError(Error, 'ERR_TEST_FAILURE', `test timed out after ${most}ms`)),
      most,
    );
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const runHooks = async (hooks: readonly Callable[], context: unknown): Promise<void> => {
  for (const hook of hooks) await called(hook, context, context);
};

const runTest = async (item: Item, body: Callable): Promise<void> => {
  const outer = above(item);
  const context = new TestContext(item);
  try {
    for (const one of outer) await runHooks(one.hooks.beforeEach, context);
    await called(body, context, context);
    await item.last;
    if (item.failed > 0) throw subtestsFailed(item.failed);
    const { planned, made } = item.assertions;
    if (planned !== undefined && planned !== made)
      throw new Error(`plan expected ${planned} assertions but received ${made}`);
  } finally {
    await runHooks(item.hooks.after, context);
    for (const one of outer.toReversed()) await runHooks(one.hooks.afterEach, context);
    mocksOf.get(item)?.reset();
  }
};

const subtestsFailed = (count: number): Error =>
  nodeError(Error, 'ERR_TEST_FAILURE', `${count} subtest${count > 1 ? 's' : ''} failed`);

const runSuite = async (item: Item): Promise<void> => {
  await runHooks(item.hooks.before, undefined);
  try {
    for (const one of item.items) await run(one);
  } finally {
    await runHooks(item.hooks.after, undefined);
  }
};

const run = async (item: Item): Promise<void> => {
  const start = performance.now();
  const { body } = item;
  if (item.isSuite && item.body !== undefined && begins.has(item)) await begins.get(item);
  if (!marked(item.skip) && body !== undefined && item.failure === undefined) {
    try {
      await within(item, item.isSuite ? runSuite(item) : runTest(item, body));
    } catch (error) {
      // What failed in it is told by itself.
      const isOfOthers = item.failed > 0 && (error as Named | null)?.code === 'ERR_TEST_FAILURE';
      if (!isOfOthers) item.failure = { error };
    }
  }
  report(item, performance.now() - start);
};
/** Bodies of suites that are not done at once. */
const begins = new WeakMap<Item, Promise<unknown>>();

const later = (item: Item): Promise<void> => {
  const { parent } = item;
  if (parent === undefined) return Promise.resolve();
  const first = begun === undefined;
  begun ??= performance.now();
  // The program is read to its end first, so that all hooks are known.
  const before = first
    ? new Promise((resolve) => setImmediate(resolve)).then(() => runHooks(root.hooks.before, undefined))
    : parent.last;
  const own: Promise<void> = before
    .then(() => run(item))
    .then(() => (parent === root && parent.last === own ? runHooks(root.hooks.after, undefined) : undefined));
  parent.last = own;
  return own;
};

/** `(name?, options?, body?)` */
const read = (args: readonly unknown[]): { name: string; options: Named; body: Callable | undefined } => {
  const body = args.find((arg) => typeof arg === 'function') as (Callable & { name: string }) | undefined;
  const options = (args.find((arg) => typeof arg === 'object' && arg !== null) ?? {}) as Named;
  const name = typeof args[0] === 'string' && args[0] !== '' ? args[0] : body?.name || '<anonymous>';
  return { name, options, body };
};

const addTest = (parent: Item, args: readonly unknown[], marks: Named): Promise<void> => {
  const { name, options, body } = read(args);
  const item = new Item(name, parent, false, { ...options, ...marks }, body);
  if (!parent.isSuite || parent === root) return later(item);
  parent.items.push(item);
  return Promise.resolve();
};

const addSuite = (args: readonly unknown[], marks: Named): Promise<void> => {
  const { name, options, body } = read(args);
  const item = new Item(name, around, true, { ...options, ...marks }, body);
  if (body !== undefined && !marked(item.skip)) {
    const outer = around;
    around = item;
    try {
      const answer: unknown = Reflect.apply(body, undefined, [{ name, fullName: item.fullName }]);
      if (answer instanceof Promise)
        begins.set(
          item,
          answer.catch((error: unknown) => {
            item.failure = { error };
          }),
        );
    } catch (error) {
      item.failure = { error };
    } finally {
      around = outer;
    }
  }
  if (item.parent === root) return later(item);
  item.parent?.items.push(item);
  return Promise.resolve();
};

const mocksOf = new WeakMap<Item, MockTracker>();

/** What a test's own function is handed. */
class TestContext {
  readonly #item: Item;
  readonly #stop = new AbortController();
  constructor(item: Item) {
    this.#item = item;
  }
  get name(): string {
    return this.#item.name;
  }
  get fullName(): string {
    return this.#item.fullName;
  }
  get filePath(): string {
    return this.#item.place.replace(/:\d+:\d+$/, '');
  }
  get signal(): AbortSignal {
    return this.#stop.signal;
  }
  get mock(): MockTracker {
    const known = mocksOf.get(this.#item) ?? new MockTracker();
    mocksOf.set(this.#item, known);
    return known;
  }
  get assert(): object {
    const counted: Named = {};
    for (const [name, check] of Object.entries(builtin('assert') as Record<string, unknown>))
      if (typeof check === 'function' && /^[a-z]/.test(name))
        counted[name] = (...args: unknown[]): unknown => {
          this.#item.assertions.made += 1;
          return Reflect.apply(check, undefined, args);
        };
    return counted;
  }
  test(...args: unknown[]): Promise<void> {
    this.#item.assertions.made += 1;
    return addTest(this.#item, args, {});
  }
  plan(count: number): void {
    this.#item.assertions.planned = count;
  }
  skip(reason: unknown = true): void {
    this.#item.skip = reason;
  }
  todo(reason: unknown = true): void {
    this.#item.todo = reason;
  }
  diagnostic(text: unknown): void {
    diagnostics.push(String(text));
  }
  runOnly(): void {}
  before(hook: Callable): void {
    called(hook, this, this);
  }
  after(hook: Callable): void {
    this.#item.hooks.after.push(hook);
  }
  beforeEach(hook: Callable): void {
    this.#item.hooks.beforeEach.push(hook);
  }
  afterEach(hook: Callable): void {
    this.#item.hooks.afterEach.push(hook);
  }
}
const diagnostics: string[] = [];

const moved = (text: string): string => text.replace(/^/gm, '  ');

/** What stands at the end: how many of each, and why those failed that did. */
const tellAll = (): void => {
  if (begun === undefined) return;
  for (const text of diagnostics) inner.write(0, `ℹ ${text}\n`);
  for (const [name, count] of Object.entries(counts)) inner.write(0, `ℹ ${name} ${count}\n`);
  inner.write(0, `ℹ duration_ms ${performance.now() - begun}\n`);
  if (failures.length === 0) return;
  inner.write(0, '\n✖ failing tests:\n');
  for (const { item, line: head } of failures)
    inner.write(0, `\ntest at ${item.place}\n${head}\n${moved(inner.inspect(item.failure?.error))}\n`);
};
(process as unknown as { on(name: string, listener: () => void): void }).on('exit', tellAll);

type Add = (args: readonly unknown[], marks: Named) => Promise<void>;
const adder = (add: Add): Callable =>
  Object.assign((...args: unknown[]) => add(args, {}), {
    skip: (...args: unknown[]) => add(args, { skip: true }),
    todo: (...args: unknown[]) => add(args, { todo: true }),
    only: (...args: unknown[]) => add(args, {}),
  });
const hook =
  (name: Hook) =>
  (body: Callable): void => {
    around.hooks[name].push(body);
  };

const it = adder((args, marks) => addTest(around, args, marks));
const describe = adder(addSuite);

/** `node:test`: tests run one after the other when the program has been read, and what they show is told as Node tells it. */
export const test = Object.assign(
  adder((args, marks) => addTest(around, args, marks)),
  {
    after: hook('after'),
    afterEach: hook('afterEach'),
    before: hook('before'),
    beforeEach: hook('beforeEach'),
    describe,
    it,
    mock: new MockTracker(),
    run: (): never => {
      throw nodeError(
        Error,
        'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
        'run() is not there in a guest: it starts processes; require the files that hold the tests',
      );
    },
    suite: describe,
  },
);
Object.assign(test, { test });

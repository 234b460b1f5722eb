import { createRuntime, type IsolationLevel, type Runtime } from '../../runtime/index.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { type Subject, sample, summarise } from './sample.ts';

const INPUT = {
  path: { type: 'string', pattern: '^/[a-z/]*$' },
  count: { type: 'integer', minimum: 1, maximum: 100 },
  mode: { enum: ['a', 'b'], type: 'string' },
  flag: { type: 'boolean' },
} as const;
const ARGS = { path: '/data/a', count: 5, mode: 'a', flag: true };
const GUEST = { language: 'js', code: 'export const run = ({ count }) => count' } as const;
const HOST = { trusted: true, run: () => 1 } as const;

/** Calls in one sample of what takes microseconds. */
const ROUND = 500;
const MANY = 1_000;
const TO_SEARCH = 2_000;
const VERBS = ['read', 'write', 'find', 'sort', 'draw', 'send', 'merge', 'count'];

/** CPU time of a call, µs: the machine may be busy with others. */
const cpuOf = (name: string, calls: number, once: () => unknown, warmUp = 3): Subject => ({
  name,
  warmUp,
  once: async () => {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call++) await once();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / calls;
  },
});

function withTools(): Runtime {
  const runtime = createRuntime({ policy: { tools: ['*'] }, limits: { hostCalls: 100_000 } });
  const { tools } = runtime;
  tools.register({ name: 'host', description: 'A function', input: INPUT }, HOST);
  tools.register({ name: 'guest', description: 'A guest', input: INPUT }, GUEST);
  return runtime;
}

/** Registers so many tools and answers how long it took, ms of CPU. */
function registering(count: number): { readonly ms: number; readonly runtime: Runtime } {
  const runtime = createRuntime();
  const before = process.cpuUsage();
  for (let at = 0; at < count; at++) {
    const verb = VERBS[at % VERBS.length];
    runtime.tools.register(
      {
        name: `${verb}_${at}`,
        description: `Can ${verb} the things of topic${at % 211}`,
        keywords: [`key${at % 97}`],
        input: { ...INPUT, [`own${at}`]: { type: 'string', optional: true } },
      },
      HOST,
    );
  }
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1_000, runtime };
}

const wanted = (row: Omit<Row, 'wanted'>, most: number, unit: string): Row => ({
  ...row,
  wanted: { text: `≤ ${most.toLocaleString('en')} ${unit}`, holds: row.median <= most },
});

/** What the pipeline of tools costs over the run itself, in CPU time of this process. */
export const tools: Group = {
  title: 'Tools: registering, finding, calling',
  measure: async ({ scale }) => {
    await using runtime = withTools();
    const call = (name: string, level: IsolationLevel) => async () => {
      must(await runtime.tools.call(name, ARGS, { level }));
    };
    const bare = (level: IsolationLevel) => async () => {
      must(
        await runtime.run({
          language: 'js',
          form: 'module',
          filename: '__call.js',
          code: "import * as tool from 'guest.js'; export default await tool.run(sandglass_input)",
          modules: { 'guest.js': GUEST.code },
          inputs: { sandglass_input: ARGS },
          level,
        }),
      );
    };
    const nested = (level: IsolationLevel, name: string): Subject => ({
      name,
      once: async () => {
        const outcome = must(
          await runtime.run({
            language: 'js',
            code:
              `const began = performance.now(); for (let i = 0; i < ${ROUND}; i++) await ` +
              `tools.host(${JSON.stringify(ARGS)}); (performance.now() - began) * 1000 / ${ROUND}`,
            grant: { tools: ['host'] },
            level,
          }),
        );
        return outcome.ok ? Number(outcome.value) : Number.NaN;
      },
    });
    const rounds = Math.max(3, Math.round(10 * scale));
    const figures = await sample(
      [
        cpuOf('arguments checked, 4 parameters', ROUND, () => runtime.tools.validate('host', ARGS)),
        cpuOf('a refused call', ROUND, () => runtime.tools.call('host', { ...ARGS, mode: 'c' })),
        cpuOf('a call of a trusted tool', ROUND, call('host', 'minimal')),
        cpuOf('a guest inline, by run()', 40, bare('minimal')),
        cpuOf('the same guest as a tool', 40, call('guest', 'minimal')),
        nested('minimal', 'a nested call, inline (wall)'),
        nested('standard', 'a nested call, from a worker (wall)'),
      ],
      rounds,
    );
    const of = (name: string) => figures.get(name) ?? summarise([]);
    const over = of('the same guest as a tool').median - of('a guest inline, by run()').median;
    const row = (what: string): Row => ({ what, ...of(what), unit: 'µs' });
    const registered = registering(MANY);
    await registered.runtime.close();
    const large = registering(TO_SEARCH).runtime;
    large.tools.search('draw'); // makes the index
    const searches = await sample([cpuOf('search', 50, () => large.tools.search('draw key5 file'))], rounds);
    await large.close();
    const busy: (readonly [number, number])[] = [];
    for (const callers of [1, 8, 64]) busy.push([callers, await perSecond(runtime, callers, ROUND * 4)]);
    return {
      rows: [
        wanted(
          {
            what: `${MANY.toLocaleString('en')} tools registered`,
            median: registered.ms,
            p95: registered.ms,
            samples: 1,
            unit: 'ms',
          },
          1_000,
          'ms',
        ),
        {
          what: 'arguments checked, a parameter',
          ...of('arguments checked, 4 parameters'),
          median: of('arguments checked, 4 parameters').median / 4,
          p95: of('arguments checked, 4 parameters').p95 / 4,
          unit: 'µs',
        },
        row('a refused call'),
        wanted(row('a call of a trusted tool'), 60, 'µs'),
        row('a guest inline, by run()'),
        row('the same guest as a tool'),
        wanted(
          {
            what: 'what the pipeline adds to a guest',
            median: over,
            p95: Number.NaN,
            samples: 1,
            unit: 'µs',
          },
          100,
          'µs',
        ),
        wanted(row('a nested call, inline (wall)'), 150, 'µs'),
        row('a nested call, from a worker (wall)'),
        wanted(
          {
            what: `search over ${TO_SEARCH.toLocaleString('en')} tools`,
            ...(searches.get('search') ?? summarise([])),
            median: (searches.get('search')?.median ?? Number.NaN) / 1_000,
            p95: (searches.get('search')?.p95 ?? Number.NaN) / 1_000,
            unit: 'ms',
          },
          1,
          'ms',
        ),
      ],
      notes: busy.map(
        ([callers, calls]) =>
          `${callers} callers of a trusted tool at once: ${Math.round(calls).toLocaleString('en')} calls a second of CPU.`,
      ),
    };
  },
};

/** Calls in one second of CPU, so many at once. */
async function perSecond(runtime: Runtime, callers: number, calls: number): Promise<number> {
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: callers }, async (_, id) => {
      const caller = { id: `caller-${id}`, permissions: [] };
      for (let at = 0; at < calls / callers; at++)
        must(await runtime.tools.call('host', ARGS, { caller, level: 'minimal' }));
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (calls * 1_000_000) / (user + system);
}

import type { Runtime } from '../contracts/api/runtime.ts';
import { checkField, checkFields, type FieldKind } from '../vocabulary/check-fields.ts';

/** Figures of a runtime as Prometheus reads them (text exposition format 0.0.4). */
export interface PrometheusFigures extends Disposable {
  text(): string;
}

export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
}

const WHERE = 'tell figures to Prometheus';
const GAUGE: Readonly<Record<keyof Gauge, FieldKind>> = { name: 'text!', help: 'text!', read: 'function!' };

/** Seconds; longer calls are in `+Inf`. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Names of tools that have figures of their own; the rest are told together. */
const MOST_LABELS = 1_000;
const OTHERS = 'others';

/** Counts what the events of a runtime tell. It holds a few numbers a tool, however many calls there are. */
export function createPrometheus(on: Runtime['on'], gauges: readonly Gauge[] = []): PrometheusFigures {
  checkField(on, 'on', 'function!', WHERE);
  checkField(gauges, 'gauges', 'list', WHERE);
  for (const gauge of gauges) checkFields(gauge, GAUGE, `${WHERE}: a gauge`);
  const executions = createCounter('tool_executions_total', 'Calls of tools', ['tool', 'status']);
  const failures = createCounter('tool_execution_failures_total', 'Calls of tools that failed', ['tool']);
  const durations = createHistogram('tool_execution_duration_seconds', 'How long calls of tools took', [
    'tool',
  ]);
  const runs = createCounter('sandglass_runs_total', 'Runs that ended', ['engine', 'status']);
  const runDurations = createHistogram('sandglass_run_duration_seconds', 'How long runs took', ['engine']);
  const fuel = createCounter('sandglass_fuel_total', 'Work units that guests burnt', ['engine']);
  const hostCalls = createCounter('sandglass_host_calls_total', 'Calls of the host by guests', [
    'capability',
    'decision',
  ]);
  const denials = createCounter('sandglass_denials_total', 'What was refused', ['code']);
  const tools = new Set<string>();
  const toolLabel = (name: string): string => {
    if (!tools.has(name) && tools.size >= MOST_LABELS) return OTHERS;
    tools.add(name);
    return name;
  };
  const listeners = [
    on('tool.called', ({ tool, ok, code, durationMs }) => {
      // Names that no tool has are chosen by callers: they get no figures of their own.
      const label = code === 'TOOL_NOT_FOUND' ? OTHERS : toolLabel(tool);
      executions.add([label, ok ? 'ok' : (code ?? 'INTERNAL')]);
      if (!ok) failures.add([label]);
      durations.observe([label], durationMs / 1_000);
    }),
    on('run.ended', ({ engine, ok, code, usage }) => {
      const label = engine ?? 'none';
      runs.add([label, ok ? 'ok' : (code ?? 'INTERNAL')]);
      runDurations.observe([label], usage.durationMs / 1_000);
      if (usage.fuel !== null) fuel.add([label], usage.fuel);
    }),
    on('host.called', ({ capability, decision }) => hostCalls.add([capability, decision])),
    on('denied', ({ code }) => denials.add([code])),
  ];
  return {
    text: () =>
      `${[
        ...[executions, failures, durations, runs, runDurations, fuel, hostCalls, denials].flatMap((one) =>
          one.lines(),
        ),
        ...gauges.flatMap(({ name, help, read }) => [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} gauge`,
          `${name} ${read()}`,
        ]),
      ].join('\n')}\n`,
    [Symbol.dispose]: () => {
      for (const stop of listeners) stop();
    },
  };
}

interface Series {
  lines(): readonly string[];
}

interface Counter extends Series {
  add(labels: readonly string[], count?: number): void;
}

interface Histogram extends Series {
  observe(labels: readonly string[], seconds: number): void;
}

function createCounter(name: string, help: string, names: readonly string[]): Counter {
  const series = new Map<string, { readonly labels: readonly string[]; count: number }>();
  return {
    add(labels, count = 1) {
      const key = JSON.stringify(labels);
      const one = series.get(key) ?? { labels, count: 0 };
      series.set(key, one);
      one.count += count;
    },
    lines: () => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      ...[...series.values()].map(({ labels, count }) => `${name}{${labelText(names, labels)}} ${count}`),
    ],
  };
}

function createHistogram(name: string, help: string, names: readonly string[]): Histogram {
  const series = new Map<
    string,
    { readonly labels: readonly string[]; readonly buckets: number[]; sum: number; count: number }
  >();
  return {
    observe(labels, seconds) {
      const key = JSON.stringify(labels);
      const one = series.get(key) ?? { labels, buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
      series.set(key, one);
      const at = BUCKETS.findIndex((bound) => seconds <= bound);
      if (at >= 0) one.buckets[at] = (one.buckets[at] ?? 0) + 1;
      one.sum += seconds;
      one.count += 1;
    },
    lines: () => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} histogram`,
      ...[...series.values()].flatMap(({ labels: values, buckets, sum, count }) => {
        const labels = labelText(names, values);
        let below = 0;
        return [
          ...BUCKETS.map((bound, at) => {
            below += buckets[at] ?? 0;
            return `${name}_bucket{${labels},le="${bound}"} ${below}`;
          }),
          `${name}_bucket{${labels},le="+Inf"} ${count}`,
          `${name}_sum{${labels}} ${sum}`,
          `${name}_count{${labels}} ${count}`,
        ];
      }),
    ],
  };
}

const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, at) => `${name}="${escaped(values[at] ?? '')}"`).join(',');

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

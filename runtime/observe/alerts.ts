import { checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import { guarded } from '../vocabulary/guarded.ts';
import { ALERT_RULES, type AlertRule } from './alert-rules.ts';
import type { Metrics } from './metrics.ts';

/** That a rule has begun to hold long enough, or has ceased to. */
export interface Alert {
  readonly name: string;
  readonly status: 'firing' | 'resolved';
  readonly severity: AlertRule['severity'];
  readonly summary: string;
  /** The figure that was too high; the last one, once it is resolved. */
  readonly value: number;
  /** When it began to be, milliseconds since the epoch. */
  readonly since: number;
  /** When this is told. */
  readonly time: number;
}

export interface AlertState {
  readonly name: string;
  readonly state: 'inactive' | 'pending' | 'firing';
  readonly severity: AlertRule['severity'];
  readonly summary: string;
  readonly value: number | null;
  readonly since: number | null;
}

/** Rules that are looked at again and again. */
export interface Alerts extends Disposable {
  /** How each rule stands. */
  states(): readonly AlertState[];
  /** Looks at all rules now. */
  check(): void;
}

export interface AlertsOptions {
  readonly metrics: Metrics;
  /** @default ALERT_RULES */
  readonly rules?: readonly AlertRule[];
  /** Told once of each alert, and once of its end. */
  readonly onAlert: (alert: Alert) => void;
  /** Told, once, of what `onAlert`, a rule or `now` throws; the next look is taken all the same. @default one line to the console */
  readonly onError?: (error: unknown) => void;
  /** Time between two looks, ms, 1,000..3,600,000; `false`: only `check()` looks. @default 15,000 */
  readonly everyMs?: number | false;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const WHERE = 'look for alerts';
const FIELDS: Readonly<Record<keyof AlertsOptions, FieldKind>> = {
  metrics: 'object!',
  rules: 'list',
  onAlert: 'function!',
  onError: 'function',
  everyMs: 'any',
  now: 'function',
};
const RULE: Readonly<Record<keyof AlertRule, FieldKind>> = {
  name: 'text!',
  severity: 'text!',
  summary: 'text!',
  forMs: 'any!',
  check: 'function!',
};

/** A rule that is broken. */
interface Broken {
  readonly since: number;
  value: number;
  told: boolean;
}

/**
 * Looks at rules, and tells of what holds long enough.
 * @throws {TypeError | RangeError} for two rules of one name, or a time that is out of range.
 * @example
 * using alerts = createAlerts({ metrics, onAlert: createWebhook({ url: 'https://hooks.example/sandglass' }) });
 */
export function createAlerts(options: AlertsOptions): Alerts {
  checkFields(options, FIELDS, WHERE);
  const {
    metrics,
    rules = ALERT_RULES,
    onAlert,
    onError = (error: unknown) => console.error('sandglass: an alert failed:', error),
    everyMs = 15_000,
    now = Date.now,
  } = options;
  for (const rule of rules) checkFields(rule, RULE, `${WHERE}: a rule`);
  if (new Set(rules.map(({ name }) => name)).size < rules.length)
    throw new TypeError('Cannot look for alerts: two rules have one name');
  if (everyMs !== false && !(everyMs >= 1_000 && everyMs <= 3_600_000))
    throw new RangeError(`Cannot look for alerts: everyMs ${everyMs} is not within 1000 to 3600000`);
  const broken = new Map<AlertRule, Broken>();
  const tellOf = guarded(onAlert, onError);
  const look = (rule: AlertRule): void => {
    const time = now();
    const value = rule.check(metrics);
    const before = broken.get(rule);
    const tell = (status: Alert['status'], one: Broken): void =>
      tellOf({
        name: rule.name,
        status,
        severity: rule.severity,
        summary: rule.summary,
        value: one.value,
        since: one.since,
        time,
      });
    if (value === undefined) {
      broken.delete(rule);
      if (before?.told === true) tell('resolved', before);
      return;
    }
    const one = before ?? { since: time, value, told: false };
    broken.set(rule, one);
    one.value = value;
    if (one.told || time - one.since < rule.forMs) return;
    one.told = true;
    tell('firing', one);
  };
  // A rule that fails takes no other with it.
  const looks = rules.map((rule) => guarded(() => look(rule), onError));
  const check = (): void => {
    for (const lookNow of looks) lookNow();
  };
  const timer = everyMs === false ? undefined : setInterval(check, everyMs);
  // Where timers keep a process up, this one is no reason to.
  if (typeof timer === 'object' && 'unref' in timer) timer.unref();
  return {
    check,
    states: () =>
      rules.map((rule) => {
        const one = broken.get(rule);
        const state = one === undefined ? 'inactive' : one.told ? 'firing' : 'pending';
        const { name, severity, summary } = rule;
        return { name, state, severity, summary, value: one?.value ?? null, since: one?.since ?? null };
      }),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

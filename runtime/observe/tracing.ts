import type { Runtime } from '../contracts/api/runtime.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import { checkField, checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import { defined } from '../vocabulary/defined.ts';
import type { PassedStage, Resource } from '../vocabulary/events.ts';
import { isTraceparent } from '../vocabulary/traceparent.ts';
import type { OtelApi, OtelAttributes, OtelContext, OtelSpan, OtelTracer } from './otel-api.ts';

export interface TracingOptions {
  /** The package `@opentelemetry/api`, whole: `import * as api from '@opentelemetry/api'`. */
  readonly api: OtelApi;
  /** Makes the spans. @default the one that `api` has registered, under the name `sandglass` */
  readonly tracer?: OtelTracer;
}

export interface Tracing extends Disposable {
  /** W3C `traceparent` of the span of a call or a run that goes on; `undefined` for any other. */
  traceparentOf(identity: RunIdentity): string | undefined;
}

const FIELDS: Readonly<Record<keyof TracingOptions, FieldKind>> = { api: 'object!', tracer: 'object' };

/** A span that goes on. */
interface Open {
  readonly span: OtelSpan;
  readonly context: OtelContext;
  readonly startedAt: number;
}

/** OpenTelemetry's code for what failed. */
const FAILED = 2;
/** Longest text of an attribute, characters. */
const MOST_CHARACTERS = 512;

/**
 * Makes spans of what the events of a runtime tell: one a call, its stages and its run below it, the host calls of a run below that. No arguments, no
 * values, no output. Names follow OpenTelemetry's semantic conventions for what executes a tool.
 * @example
 * import * as api from '@opentelemetry/api';
 * using tracing = createTracing(runtime, { api });
 */
export function createTracing(runtime: Pick<Runtime, 'on'>, options: TracingOptions): Tracing {
  checkField(runtime?.on, 'runtime.on', 'function!', 'trace');
  checkFields(options, FIELDS, 'trace');
  const { api } = options;
  checkField(api.trace?.getTracer, 'api.trace.getTracer', 'function!', 'trace');
  const { tracer = api.trace.getTracer('sandglass') } = options;
  const calls = new Map<string, Open>();
  const runs = new Map<string, Open>();
  /** The call whose run it is; the newest, where one is tried again. */
  const callOfRun = new Map<string, Open>();

  const parentOf = ({ parent, traceparent }: RunIdentity): OtelContext => {
    const outer = parent === undefined ? undefined : (runs.get(parent) ?? callOfRun.get(parent));
    if (outer !== undefined) return outer.context;
    if (traceparent === undefined) return api.context.active();
    return api.propagation.extract(api.context.active(), { traceparent });
  };
  const begin = (name: string, parent: OtelContext, time: number, attributes: OtelAttributes): Open => {
    const span = tracer.startSpan(name, { startTime: time, attributes }, parent);
    return { span, context: api.trace.setSpan(parent, span), startedAt: time };
  };
  const fail = (span: OtelSpan, code: string): void => {
    span.setAttribute('error.type', code);
    span.setStatus({ code: FAILED, message: code });
  };
  const addStages = (call: Open, tool: string, stages: readonly PassedStage[]): void => {
    let at = call.startedAt;
    for (const { stage, ms, code } of stages) {
      const { span } = begin(`stage ${stage}`, call.context, at, {
        'sandglass.stage': stage,
        'gen_ai.tool.name': tool,
      });
      if (code !== undefined) fail(span, code);
      at += ms;
      span.end(at);
    }
  };

  const listeners = [
    runtime.on('tool.started', ({ time, identity, tool, callId }) => {
      const call = begin(`execute_tool ${tool}`, parentOf(identity), time, {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': tool,
        'gen_ai.tool.call.id': callId,
        ...identityOf(identity),
      });
      calls.set(callId, call);
      callOfRun.set(identity.runId, call);
    }),
    runtime.on('tool.called', ({ identity, callId, tool, ok, code, cached, durationMs, stages }) => {
      const call = calls.get(callId);
      if (call === undefined) return; // it was begun before anybody listened
      calls.delete(callId);
      if (callOfRun.get(identity.runId) === call) callOfRun.delete(identity.runId);
      addStages(call, tool, stages);
      call.span.setAttribute('gen_ai.tool.name', tool);
      if (cached === true) call.span.setAttribute('sandglass.cached', true);
      if (!ok) fail(call.span, code ?? 'INTERNAL');
      call.span.end(call.startedAt + durationMs);
    }),
    runtime.on('run.queued', ({ time, identity, level, session }) => {
      const call = callOfRun.get(identity.runId);
      const run = begin('run', call?.context ?? parentOf(identity), time, {
        'sandglass.level': level,
        ...defined({ 'sandglass.session': session }),
        ...identityOf(identity),
      });
      runs.set(identity.runId, run);
    }),
    runtime.on('run.started', ({ time, identity, engine, queuedMs }) => {
      const span = runs.get(identity.runId)?.span;
      span?.setAttribute('sandglass.engine', engine);
      span?.addEvent('run.started', { 'sandglass.queued_ms': queuedMs }, time);
    }),
    runtime.on('cell.started', ({ time, identity, waitedMs }) => {
      runs.get(identity.runId)?.span.addEvent('cell.started', { 'sandglass.waited_ms': waitedMs }, time);
    }),
    runtime.on('host.called', ({ time, identity, operation, capability, resource, code, durationMs }) => {
      const run = runs.get(identity.runId);
      if (run === undefined) return;
      const { span } = begin(`host ${operation}`, run.context, time - durationMs, {
        'sandglass.operation': operation,
        'sandglass.capability': capability,
        ...resourceOf(resource),
      });
      if (code !== undefined) fail(span, code);
      span.end(time);
    }),
    runtime.on('denied', ({ time, identity, code, capability, operation, gate }) => {
      const span = (runs.get(identity.runId) ?? callOfRun.get(identity.runId))?.span;
      span?.addEvent(
        'denied',
        defined({
          'error.type': code,
          'sandglass.capability': capability,
          'sandglass.operation': operation,
          'sandglass.gate': gate,
        }),
        time,
      );
    }),
    runtime.on('run.ended', ({ time, identity, ok, code, usage }) => {
      const run = runs.get(identity.runId);
      if (run === undefined) return;
      runs.delete(identity.runId);
      run.span.setAttribute('sandglass.memory_bytes', usage.memoryBytes);
      if (usage.fuel !== null) run.span.setAttribute('sandglass.fuel', usage.fuel);
      if (usage.cpuMs !== null) run.span.setAttribute('sandglass.cpu_ms', usage.cpuMs);
      if (!ok) fail(run.span, code ?? 'INTERNAL');
      run.span.end(time);
    }),
  ];
  return {
    traceparentOf({ runId }) {
      const open = runs.get(runId) ?? callOfRun.get(runId);
      if (open === undefined) return undefined;
      const { traceId, spanId, traceFlags } = open.span.spanContext();
      const text = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
      return isTraceparent(text) ? text : undefined; // an API without an SDK makes spans of zeros
    },
    [Symbol.dispose]: () => {
      for (const stop of listeners) stop();
    },
  };
}

const identityOf = ({ runId, parent, caller }: RunIdentity): OtelAttributes =>
  defined({
    'sandglass.run': runId,
    'sandglass.parent': parent,
    'enduser.id': caller?.id,
    'gen_ai.agent.id': caller?.agent,
  });

const resourceOf = ({ path, origin, method, statement, name }: Resource = {}): OtelAttributes =>
  defined({
    'sandglass.resource.path': path?.slice(0, MOST_CHARACTERS),
    'sandglass.resource.origin': origin?.slice(0, MOST_CHARACTERS),
    'sandglass.resource.name': name?.slice(0, MOST_CHARACTERS),
    'http.request.method': method,
    'db.query.text': statement?.slice(0, MOST_CHARACTERS),
  });

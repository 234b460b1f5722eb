import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterAll, describe, expect, test } from 'vitest';
import { createRuntime } from '../../../runtime/index.ts';
import { createTracing } from '../../../runtime/observe/tracing.ts';
import type { RunIdentity } from '../../../runtime/vocabulary/caller.ts';
import { verifies } from '../../support/verifies.ts';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
api.trace.setGlobalTracerProvider(provider);
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
afterAll(() => api.context.disable());

async function open() {
  exporter.reset();
  const runtime = createRuntime({ cells: { warm: 0 } });
  const tracing = createTracing(runtime, { api });
  runtime.tools.register(
    { name: 'double', description: 'Doubles', input: { n: { type: 'number' } } },
    { language: 'js', code: 'export const run = ({ n }) => 2 * n' },
  );
  return { runtime, tracing, [Symbol.asyncDispose]: () => runtime.close() };
}

const named = (name: string): ReadableSpan => {
  const span = exporter.getFinishedSpans().find((one) => one.name === name);
  if (span === undefined)
    throw new Error(`no span ${name} in ${exporter.getFinishedSpans().map((one) => one.name)}`);
  return span;
};
const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId;

describe('createTracing()', () => {
  test('a call is a span, its stages and its run are below it', verifies('MO-14'), async () => {
    await using opened = await open();
    const outcome = await opened.runtime.tools.call(
      'double',
      { n: 2 },
      { caller: { id: 'ada', permissions: ['*'] } },
    );
    const call = named('execute_tool double');
    expect(call.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'double',
      'enduser.id': 'ada',
    });
    const stages = exporter.getFinishedSpans().filter(({ name }) => name.startsWith('stage '));
    expect(stages.map((span) => span.attributes['sandglass.stage'])).toEqual(
      outcome.trace.map(({ stage }) => stage),
    );
    expect(stages.every((span) => parentOf(span) === call.spanContext().spanId)).toBe(true);
    expect(stages.every((span) => span.attributes['gen_ai.tool.name'] === 'double')).toBe(true);
    const run = named('run');
    expect(parentOf(run)).toBe(call.spanContext().spanId);
    expect(run.attributes).toMatchObject({ 'sandglass.engine': 'quickjs', 'sandglass.level': 'standard' });
    expect(run.events.map(({ name }) => name)).toContain('run.started');
  });

  test('a stage that refuses has its code, and so has the call', verifies('MO-14'), async () => {
    await using opened = await open();
    await opened.runtime.tools.call('double', { n: 'no' });
    expect(named('stage validate').attributes['error.type']).toBe('INPUT_INVALID');
    expect(named('execute_tool double')).toMatchObject({
      attributes: { 'error.type': 'INPUT_INVALID' },
      status: { code: api.SpanStatusCode.ERROR },
    });
  });

  test('host calls are spans of their run, with what they are about and no content', async () => {
    await using opened = await open();
    await opened.runtime.run({
      language: 'js',
      code: "require('node:fs').writeFileSync('/tmp/a', 'content-of-a'); await fetch('https://example.com/?q=query-of-it').catch(() => 0)",
    });
    const write = exporter
      .getFinishedSpans()
      .find(({ attributes }) => attributes['sandglass.resource.path'] === '/tmp/a');
    expect(parentOf(write as ReadableSpan)).toBe(named('run').spanContext().spanId);
    const denied = exporter
      .getFinishedSpans()
      .find(({ attributes }) => attributes['sandglass.capability'] === 'http');
    expect(denied?.attributes['error.type']).toBe('CAPABILITY_DENIED');
    expect(named('run').events.map(({ name }) => name)).toContain('denied');
    const all = JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, events }) => [name, attributes, events]),
    );
    expect(all).not.toContain('content-of-a');
    expect(all).not.toContain('query-of-it');
  });

  test("a call goes into the caller's own trace, or into the one that traceparent names", async () => {
    await using opened = await open();
    const tracer = api.trace.getTracer('test');
    await tracer.startActiveSpan('outer', async (outer) => {
      await opened.runtime.tools.call('double', { n: 2 });
      outer.end();
    });
    expect(parentOf(named('execute_tool double'))).toBe(named('outer').spanContext().spanId);

    exporter.reset();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    await opened.runtime.run({ language: 'js', code: '1', traceparent });
    expect(named('run').spanContext().traceId).toBe(traceId);
    expect(parentOf(named('run'))).toBe('b7ad6b7169203331');
    exporter.reset();
    await opened.runtime.tools.call('double', { n: 2 }, { traceparent });
    expect(named('run').spanContext().traceId).toBe(traceId);
    await expect(opened.runtime.run({ language: 'js', code: '1', traceparent: '00-0-0-0' })).rejects.toThrow(
      'traceparent "00-0-0-0" is not one of W3C Trace Context',
    );
  });

  test('traceparentOf() tells the span of what goes on, and of nothing else', async () => {
    await using opened = await open();
    const seen: (string | undefined)[] = [];
    let last: RunIdentity | undefined;
    using _ = opened.runtime.on('run.started', ({ identity }) => {
      last = identity;
      seen.push(opened.tracing.traceparentOf(identity));
    });
    await opened.runtime.run({ language: 'js', code: '1' });
    const { traceId, spanId } = named('run').spanContext();
    expect(seen).toEqual([`00-${traceId}-${spanId}-01`]);
    expect(opened.tracing.traceparentOf(last as RunIdentity)).toBeUndefined();
  });

  test('a nested call is below the run that makes it', async () => {
    await using opened = await open();
    await opened.runtime.run({
      language: 'js',
      code: 'await tools.double({ n: 4 })',
      grant: { tools: ['double'] },
    });
    const outer = exporter
      .getFinishedSpans()
      .filter(({ name }) => name === 'run')
      .at(-1);
    expect(parentOf(named('execute_tool double'))).toBe(outer?.spanContext().spanId);
  });
});

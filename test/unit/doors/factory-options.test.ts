import { describe, expect, test } from 'vitest';
import { toAiSdkCode, toAiSdkTools } from '../../../runtime/doors/ai/index.ts';
import { createClient } from '../../../runtime/doors/client/index.ts';
import {
  createHttpApp,
  createInProcessScheduler,
  createModuleStore,
  createRunJournal,
} from '../../../runtime/doors/http/index.ts';
import { prebuildComponent } from '../../../runtime/index.prebuild.ts';
import {
  createRuntime,
  exitCodeOf,
  mergeGrants,
  outcomeToJson,
  queryAudit,
  unwrap,
  watchGrant,
} from '../../../runtime/index.ts';
import {
  createAlerts,
  createLog,
  createMetrics,
  createPrometheus,
  createTracing,
  createWebhook,
} from '../../../runtime/observe/index.ts';

/** Called as by those who have no types. */
const untyped = (call: unknown, ...args: unknown[]): unknown =>
  (call as (...given: unknown[]) => unknown)(...args);
const runtime = {
  run: async () => ({}),
  on: () => () => undefined,
  tools: { forModel: () => [], signatures: () => '' },
};
const scheduler = createInProcessScheduler();
const modules = createModuleStore({ inspect: () => ({}) as never });
const app = { runtime, scheduler, modules, key: 'key' };
const metrics = {};
const onAlert = (): void => undefined;

describe('a factory refuses what it does not know', () => {
  test.each<[string, unknown, unknown[], string]>([
    ['policy', createHttpApp, [{ ...app, polciy: {} }], 'unknown option "polciy", did you mean "policy"?'],
    ['keyy', createHttpApp, [{ ...app, keyy: 1 }], 'unknown option "keyy", did you mean "key"?'],
    ['a part', createHttpApp, [{ ...app, suspicion: { affter: 1 } }], 'did you mean "after"?'],
    ['a policy', createHttpApp, [{ ...app, policy: { grants: {} } }], 'did you mean "grant"?'],
    ['concurrency', createInProcessScheduler, [{ concurency: 1 }], 'did you mean "concurrency"?'],
    ['store', createModuleStore, [{ inspect: onAlert, maxModule: 1 }], 'did you mean "maxModules"?'],
    ['journal', createRunJournal, [{}, { maxRun: 1 }], 'did you mean "maxRuns"?'],
    ['client', createClient, [{ url: 'http://a', key: 'k', fech: 1 }], 'did you mean "fetch"?'],
    ['log', createLog, [runtime, { level: 'info' }], 'did you mean "levels"?'],
    ['alerts', createAlerts, [{ metrics, onAlert, rule: [] }], 'did you mean "rules"?'],
    ['a rule', createAlerts, [{ metrics, onAlert, rules: [{ nam: 'a' }] }], 'did you mean "name"?'],
    ['webhook', createWebhook, [{ url: 'http://a', retry: 1 }], 'unknown option "retry"'],
    ['tracing', createTracing, [runtime, { apo: {} }], 'did you mean "api"?'],
    ['a gauge', createPrometheus, [runtime.on, [{ name: 'a', help: 'a', reed: 1 }]], 'did you mean "read"?'],
    ['AI tools', toAiSdkTools, [runtime, { name: [] }], 'did you mean "names"?'],
    ['AI code', toAiSdkCode, [runtime, { limit: {} }], 'did you mean "limits"?'],
    ['AI language', toAiSdkCode, [runtime, { language: 'pyton' }], 'did you mean "python"?'],
    ['a grant', mergeGrants, [{}, { fss: [] }], 'unknown part of more "fss", did you mean "fs"?'],
    ['merging', mergeGrants, [{}, {}, { hots: onAlert }], 'did you mean "host"?'],
    ['watch', watchGrant, [{ host: '.' }, { recursiv: true }], 'did you mean "recursive"?'],
    ['exit code', exitCodeOf, ['NOPE'], 'unknown code "NOPE"'],
  ])('%s', (_name, factory, args, message) => {
    expect(() => untyped(factory, ...args)).toThrow(TypeError);
    expect(() => untyped(factory, ...args)).toThrow(message);
  });

  test('so do those that answer later', async () => {
    await expect(untyped(queryAudit, '.', { user: 'ada' })).rejects.toThrow('unknown option "user"');
    await expect(untyped(prebuildComponent, new Uint8Array(), { platfrom: 'browser' })).rejects.toThrow(
      'did you mean "platform"?',
    );
  });
});

describe('it says what is missing', () => {
  test.each<[unknown, unknown[], string]>([
    [
      createHttpApp,
      [],
      'Cannot open the HTTP door: expected an object of options, with runtime, scheduler, modules, key',
    ],
    [createHttpApp, [{}], 'Cannot open the HTTP door: runtime is missing, expected an object'],
    [
      createHttpApp,
      [{ ...app, key: undefined }],
      'Cannot open the HTTP door: key is missing, expected a text',
    ],
    [createModuleStore, [], 'Cannot create a module store: expected an object of options, with inspect'],
    [createModuleStore, [{}], 'Cannot create a module store: inspect is missing, expected a function'],
    [createClient, [], 'Cannot create a client: expected an object of options, with url, key'],
    [createClient, [{}], 'Cannot create a client: url is not the address of a server'],
    [createClient, [{ url: 'http://a' }], 'Cannot create a client: key is not a text'],
    [createMetrics, [], 'Cannot keep metrics: runtime.on is missing, expected a function'],
    [createLog, [], 'Cannot write a log: runtime.on is missing, expected a function'],
    [createAlerts, [{ metrics }], 'Cannot look for alerts: onAlert is missing, expected a function'],
    [createTracing, [runtime], 'Cannot trace: expected an object of options, with api'],
    [createPrometheus, [], 'Cannot tell figures to Prometheus: on is missing, expected a function'],
    [createWebhook, [{}], 'Cannot post alerts: url is missing'],
    [createRunJournal, [], 'Cannot keep a journal of runs: files is missing, expected an object'],
    [toAiSdkTools, [], 'Cannot make tools of the AI SDK: runtime.tools is missing, expected an object'],
    [watchGrant, [], 'Cannot watch a grant: grant is missing, expected an object'],
    [outcomeToJson, [], 'Cannot write an outcome as JSON: outcome is missing, expected an object'],
    [outcomeToJson, [{}], 'Cannot write an outcome as JSON: outcome.ok is missing, expected true or false'],
    [exitCodeOf, [], 'Cannot tell an exit code: unknown code "undefined"'],
  ])('%o(%j)', (factory, args, message) => {
    expect(() => untyped(factory, ...args)).toThrow(TypeError);
    expect(() => untyped(factory, ...args)).toThrow(message);
  });
});

describe('it says what is of the wrong kind, or out of range', () => {
  test.each<[unknown, unknown[], string]>([
    [createHttpApp, [{ ...app, onFault: 1 }], 'onFault is not a function'],
    [createHttpApp, [{ ...app, scheduler: {} }], 'scheduler.add is missing'],
    [createHttpApp, [{ ...app, maxBodyBytes: -1 }], 'maxBodyBytes -1 is not a whole number of bytes from 1'],
    [createHttpApp, [{ ...app, throttleMs: 0.5 }], 'throttleMs 0.5 is not a whole number of ms'],
    [createHttpApp, [{ ...app, rate: { calls: 0, perMs: 1 } }], 'rate.calls 0 is not a whole number from 1'],
    [createHttpApp, [{ ...app, store: { maxRuns: -1 } }], 'store.maxRuns -1 is not a whole number from 0'],
    [
      createModuleStore,
      [{ inspect: onAlert, maxTotalBytes: -1 }],
      'maxTotalBytes -1 is not a whole number of bytes',
    ],
    [createModuleStore, [{ inspect: onAlert, maxModules: 'many' }], 'maxModules is not a number'],
    [createClient, [{ url: 'server', key: 'k' }], 'url is not the address of a server'],
    [createRuntime, [{ onNotice: 5 }], 'Cannot create a runtime: onNotice is not a function'],
    [createRuntime, [{ hostFunctions: [{}] }], 'name of a host function is missing'],
    [createRuntime, [{ hostFunctions: [{ name: 'a', operations: {} }] }], '"a": open is missing'],
    [unwrap, [], 'Cannot unwrap: outcome is missing'],
    [createMetrics, [runtime, 5], 'now is not a function'],
    [createLog, [runtime, { write: 1 }], 'write is not a function'],
    [mergeGrants, [{}, {}, { host: 'x' }], 'host is not a function'],
    [createRunJournal, [{}, { maxRuns: -1 }], 'maxRuns -1 is not a whole number from 0'],
  ])('%o(%j)', (factory, args, message) => {
    expect(() => untyped(factory, ...args)).toThrow(message);
  });
});

import type {
  CellGuest,
  GuestHost,
  GuestResult,
  HostAnswer,
  RunSpec,
} from '../../runtime/contracts/engine.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';

/** What a scripted guest does, one step after the other; the last answer is its value. */
export type Step =
  | {
      readonly do: 'print';
      readonly text: string;
      readonly stream?: 'stdout' | 'stderr';
      readonly times?: number;
    }
  | {
      readonly do: 'call' | 'callSync';
      readonly operation: string;
      readonly args: Record<string, never>;
      readonly bytes?: number;
    }
  /** With arguments that nest so deep. */
  | { readonly do: 'callDeep'; readonly operation: string; readonly depth: number }
  | { readonly do: 'letThrough' }
  | { readonly do: 'forge'; readonly id: number }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'poll' }
  | { readonly do: 'spin' }
  | { readonly do: 'reject' }
  | { readonly do: 'answer'; readonly result: unknown }
  | { readonly do: 'random' }
  | { readonly do: 'spec'; readonly field: string }
  | { readonly do: 'memory'; readonly bytes: number }
  | { readonly do: 'env' };

/** An executor whose guest is a list of steps, so that cells can be tested without an engine. */
export async function execute(guest: CellGuest, run: RunSpec, host: GuestHost): Promise<GuestResult> {
  const steps = guest.data as readonly Step[]; // the scripted engine's prepare parsed it
  const base = { memoryBytes: 65_536, fuel: null, growthRefused: false } as const;
  let value: unknown;
  let refusal: number | undefined;
  const note = (answer: HostAnswer): void => {
    if (answer.ok) value = answer.bytes === undefined ? answer.value : answer.bytes.byteLength;
    else {
      refusal = answer.refusal.id;
      value = answer.refusal.code;
    }
  };
  for (const step of steps) {
    switch (step.do) {
      case 'print':
        for (let time = 0; time < (step.times ?? 1); time++) {
          if (!host.write(step.stream ?? 'stdout', new TextEncoder().encode(step.text))) {
            return { kind: 'limit', limit: 'output', ...base };
          }
        }
        break;
      case 'call':
      case 'callSync': {
        const bytes = step.bytes === undefined ? undefined : new Uint8Array(step.bytes);
        note(
          step.do === 'call'
            ? await host.call(step.operation, step.args, bytes)
            : host.callSync(step.operation, step.args, bytes),
        );
        break;
      }
      case 'callDeep': {
        let nested: JsonValue = [];
        for (let level = 2; level < step.depth; level++) nested = [nested];
        note(await host.call(step.operation, { nested }));
        break;
      }
      case 'letThrough':
        return {
          kind: 'threw',
          error: { name: 'Error', message: 'let through' },
          ...defined({ refusalId: refusal }),
          ...base,
        };
      case 'forge':
        return {
          kind: 'threw',
          error: { name: 'SandglassError', message: 'CAPABILITY_DENIED' },
          refusalId: step.id,
          ...base,
        };
      case 'sleep':
        await host.sleep(step.ms);
        break;
      case 'poll': {
        let reason = host.stopReason();
        while (reason === undefined) reason = host.stopReason();
        return { kind: 'limit', limit: reason, ...base };
      }
      case 'spin':
        for (;;) if (Number.isNaN(host.now())) break;
        break;
      case 'answer':
        return step.result as GuestResult; // whatever an executor with a bug might answer
      case 'reject':
        throw new Error('/secret/path of the host');
      case 'random': {
        const bytes = new Uint8Array(8);
        host.random(bytes);
        value = [...bytes];
        break;
      }
      case 'spec':
        value = Object.entries(run).find(([name]) => name === step.field)?.[1];
        break;
      case 'memory':
        host.trackMemory(() => step.bytes);
        break;
      case 'env':
        value = typeof process === 'undefined' ? [] : Object.keys(process.env);
        break;
    }
  }
  return { kind: 'value', value: value as null, ...base }; // only JSON and bytes are ever put there
}

import type { CellResult } from '../contracts/cell.ts';
import type { GuestError } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import { copySlices, copyValue } from '../vocabulary/copy-value.ts';
import { defined } from '../vocabulary/defined.ts';
import { type ErrorDetails, SandglassError } from '../vocabulary/errors.ts';
import { inSlices } from '../vocabulary/in-slices.ts';
import { toJsonForm } from '../vocabulary/json-form.ts';
import type { Limits } from '../vocabulary/limits.ts';
import type { Verdict } from '../vocabulary/outcome-of.ts';
import { utf8Length } from '../vocabulary/utf8-length.ts';

/** An error says what it is, even of a run without output, bytes. */
const FREE_ERROR_BYTES = 4096;

/**
 * Decides the code of a run from the host's own state: how the cell ended, what the engine's meter says, which refusals the gate gave. Nothing a
 * guest made is looked at but the id of a refusal, and that must be one the gate gave.
 */
export function classify(
  end: CellResult['end'],
  gate: Gate,
  limits: Limits,
  outputBytes: number,
): Verdict | Promise<Verdict> {
  const fail = (error: SandglassError): Verdict => ({ ok: false, error });
  switch (end.kind) {
    case 'stopped':
      return fail(stopError(end.reason ?? 'deadline', limits, undefined, gate.pending() > 0));
    case 'crashed':
      return fail(
        new SandglassError('INTERNAL', 'Cannot finish the run: its cell failed', {
          ...(end.message === undefined ? {} : { cause: new Error(end.message) }),
        }),
      );
    case 'invalid': {
      const { code, message, details, hint } = end;
      return fail(new SandglassError(code, message, defined({ details, hint })));
    }
    case 'limit':
      return fail(stopError(end.limit, limits, end.error, gate.pending() > 0));
    case 'value':
      return takeValue(end.value, end.form, limits, outputBytes);
    case 'exit':
      if (end.exitCode === 0) return { ok: true, value: undefined, valueBytes: 0, exitCode: 0 };
      return {
        ok: false,
        exitCode: end.exitCode,
        error: new SandglassError('GUEST_THREW', `Program ended with exit code ${end.exitCode}`, {
          details: { exitCode: end.exitCode },
          ...(end.growthRefused ? memoryHint(limits) : refusalHint(gate)),
        }),
      };
    case 'threw': {
      const refusal = end.refusalId === undefined ? undefined : gate.refusal(end.refusalId);
      if (refusal !== undefined) return fail(withPlace(refusal, end.error));
      // A guest that got over a refused growth is told by its own error; an engine says itself when it did not.
      const { name, message, stack = '', hint } = end.error;
      // A guest that can forge its error can leave out what an honest one prints: what it tells is output all the same.
      const told = Math.max(utf8Length(message), utf8Length(stack));
      if (told > limits.outputBytes + FREE_ERROR_BYTES) return fail(stopError('output', limits));
      return {
        ok: false,
        errorBytes: Math.max(0, Math.min(told, limits.outputBytes) - outputBytes),
        error: new SandglassError('GUEST_THREW', message === '' ? name : `${name}: ${message}`, {
          ...defined({ hint }),
          details: { ...errorDetails(end.error), ...payloadDetails(end.payload, limits) },
        }),
      };
    }
    case 'trapped':
      if (end.growthRefused) return fail(stopError('memory', limits));
      return fail(new SandglassError('GUEST_TRAPPED', `Guest trapped: ${end.message}`, refusalHint(gate)));
  }
}

async function takeValue(
  value: unknown,
  form: 'text' | undefined,
  limits: Limits,
  outputBytes: number,
): Promise<Verdict> {
  try {
    const copied = await inSlices(copySlices(value, limits.outputBytes - outputBytes));
    return {
      ok: true,
      value: copied.value,
      valueBytes: copied.bytes,
      ...defined({ valueForm: form }),
    };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, error: stopError('output', limits) };
    const reason = error instanceof Error ? error.message : 'Cannot take the value';
    return { ok: false, error: new SandglassError('OUTPUT_INVALID', reason) };
  }
}

/** What a function declared to fail with, if it is plain data that fits the output budget. */
function payloadDetails(payload: unknown, limits: Limits): ErrorDetails {
  if (payload === undefined) return {};
  try {
    return { payload: toJsonForm(copyValue(payload, limits.outputBytes).value) };
  } catch {
    return {}; // the error itself stands, whatever came with it
  }
}

type Stop = 'fuel' | 'deadline' | 'memory' | 'stack' | 'output' | 'cancelled';

/**
 * The error of a run that was stopped at a limit, or cancelled.
 * @param waited For its host, when it was stopped.
 */
export function stopError(reason: Stop, limits: Limits, error?: GuestError, waited = false): SandglassError {
  const place = error === undefined ? {} : errorDetails(error);
  switch (reason) {
    case 'fuel':
      return new SandglassError(
        'FUEL_EXHAUSTED',
        `Stopped the guest: its ${limits.fuel} units of fuel are spent`,
        {
          details: { limit: limits.fuel, ...place },
          hint: 'Raise limits.fuel, or do less work in one run',
        },
      );
    case 'deadline':
      return new SandglassError(
        'DEADLINE_EXCEEDED',
        `Stopped the guest: over its deadline of ${limits.timeoutMs} ms`,
        {
          details: { limit: limits.timeoutMs, ...place },
          hint: 'Raise limits.timeoutMs, or do less work in one run',
          retryable: waited, // what it waited for may be there sooner; what it computed takes as long again
        },
      );
    case 'memory':
      return new SandglassError(
        'MEMORY_EXCEEDED',
        `Stopped the guest: over its ${limits.memoryBytes} bytes of memory`,
        {
          details: { limit: limits.memoryBytes, ...place },
          hint: 'Raise limits.memoryBytes, or hold less at once',
        },
      );
    case 'stack':
      return new SandglassError('STACK_EXCEEDED', 'Stopped the guest: its call stack is full', {
        details: place,
        hint: 'Recurse less deeply',
      });
    case 'output':
      return new SandglassError(
        'OUTPUT_EXCEEDED',
        `Stopped the guest: over its ${limits.outputBytes} bytes of output`,
        {
          details: { limit: limits.outputBytes },
          hint: 'Raise limits.outputBytes, print less, or write to a granted file',
        },
      );
    case 'cancelled':
      return new SandglassError('CANCELLED', 'Stopped the guest: the run was cancelled');
  }
}

const errorDetails = ({ name, file, line, column, stack }: GuestError): ErrorDetails => ({
  ...(name === '' ? {} : { name }),
  ...defined({ file, line, column, stack }),
});

/** The refusal as the gate gave it, with the guest's own place beside it. */
const withPlace = (refusal: SandglassError, { file, line }: GuestError): SandglassError => {
  const details = {
    ...refusal.details,
    ...defined({ file, line }),
  };
  return new SandglassError(refusal.code, refusal.message, {
    ...(Object.keys(details).length === 0 ? {} : { details }),
    ...defined({ hostDetails: refusal.hostDetails, hint: refusal.hint }),
    retryable: refusal.retryable,
    cause: refusal.cause,
  });
};

/** A program that ends itself says so itself; why may be the memory that it was refused. */
const memoryHint = ({ memoryBytes }: Limits): { readonly hint: string } => ({
  hint: `It was refused memory over its ${memoryBytes} bytes; raise limits.memoryBytes if that is why`,
});

/** A program that ended badly after a denial most likely ended because of it; only a person can tell. */
const refusalHint = (gate: Gate): { readonly hint?: string } => {
  const last = gate.lastDenial();
  return last === undefined ? {} : { hint: `The run was refused a host call: ${last.message}` };
};

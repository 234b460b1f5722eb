import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { showProgress } from '../../../../runtime/doors/cli/progress.ts';
import { styleFor } from '../../../../runtime/doors/cli/style.ts';
import type { Output } from '../../../../runtime/doors/cli/terminal.ts';

const PLAIN = styleFor({ isTerminal: false } as Output, { env: {} }); // only isTerminal is looked at

function createScreen(isTerminal: boolean, columns?: number) {
  const written: string[] = [];
  const output: Output = {
    isTerminal,
    columns,
    write: (content) => {
      written.push(String(content));
    },
    onBroken: () => () => undefined,
    failure: () => undefined,
    waitingBytes: 0,
    flush: async () => undefined,
  };
  return { written, output };
}

describe('showProgress()', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('says nothing in the first second, then how long it takes, then takes the line away', () => {
    const { written, output } = createScreen(true);
    const progress = showProgress(output, PLAIN, 'Running a.wasm');
    vi.advanceTimersByTime(999);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(501);
    expect(written.at(-1)).toBe('\r\x1b[KRunning a.wasm ... 1.5 s');
    progress.stop();
    expect(written.at(-1)).toBe('\r\x1b[K');
    const count = written.length;
    progress.stop();
    vi.advanceTimersByTime(5_000);
    expect(written).toHaveLength(count);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('makes room for output, and comes back only after another quiet second', () => {
    const { written, output } = createScreen(true);
    const progress = showProgress(output, PLAIN, 'x');
    vi.advanceTimersByTime(1_000);
    progress.clear();
    expect(written.at(-1)).toBe('\r\x1b[K');
    const count = written.length;
    vi.advanceTimersByTime(750);
    progress.clear();
    vi.advanceTimersByTime(750);
    expect(written).toHaveLength(count);
    vi.advanceTimersByTime(250);
    expect(written).toHaveLength(count + 1);
    progress.stop();
  });

  test('stays on one line of a narrow terminal', () => {
    const { written, output } = createScreen(true, 20);
    const progress = showProgress(output, PLAIN, 'Running a-long-name.wasm');
    vi.advanceTimersByTime(1_500);
    expect(written.at(-1)).toBe('\r\x1b[KRunning a ... 1.5 s');
    progress.stop();
  });

  test('writes nothing and sets no timer where nobody looks on', () => {
    const { written, output } = createScreen(false);
    const progress = showProgress(output, PLAIN, 'x');
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5_000);
    progress.clear();
    progress.stop();
    expect(written).toEqual([]);
  });
});

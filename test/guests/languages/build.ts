import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const BUILD = new URL('../build/', import.meta.url);

type Command = readonly [program: string, args: readonly string[], env?: Readonly<Record<string, string>>];

/** Ways to compile `source` to a preview1 command `target`; the first that this machine has is used. */
const COMPILERS: Readonly<Record<string, (source: string, target: string) => readonly Command[]>> = {
  c: (source, target) => [['clang', ['--target=wasm32-wasi', '-O2', '-s', '-o', target, source]]],
  rs: (source, target) =>
    ['rustc', '/usr/bin/rustc'].flatMap((rustc) =>
      ['wasm32-wasip1', 'wasm32-wasi'].map(
        (name): Command => [rustc, ['--target', name, '-O', '-C', 'strip=symbols', '-o', target, source]],
      ),
    ),
  go: (source, target) => [
    ['go', ['build', '-ldflags=-s -w', '-o', target, source], { GOOS: 'wasip1', GOARCH: 'wasm' }],
  ],
};

/** `hello.c`, `hello.rs` or `hello.go`, compiled; `undefined` where no compiler for it is installed. */
export function compiled(name: 'hello.c' | 'hello.rs' | 'hello.go'): Uint8Array<ArrayBuffer> | undefined {
  const source = fileURLToPath(new URL(name, import.meta.url));
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const file = fileURLToPath(new URL(`languages-${name}-${hash}.wasm`, BUILD));
  try {
    return new Uint8Array(readFileSync(file));
  } catch {
    // Not built yet.
  }
  mkdirSync(BUILD, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  for (const [program, args, env] of COMPILERS[name.slice(6)]?.(source, unfinished) ?? []) {
    const { status } = spawnSync(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
    if (status !== 0) continue;
    renameSync(unfinished, file);
    return new Uint8Array(readFileSync(file));
  }
  return undefined;
}

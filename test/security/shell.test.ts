import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

/** In the environment of this process, as keys are. */
const HOST_SECRET = 'host-value-9c1f';

let runtime: Runtime;
let outside: string;
let folder: string;
beforeAll(() => {
  process.env.SANDGLASS_TEST_KEY = HOST_SECRET;
  runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
  outside = mkdtempSync(join(tmpdir(), 'sandglass-shell-attacks-'));
  folder = join(outside, 'granted');
  mkdirSync(folder);
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'a.txt'), 'inside');
  symlinkSync('../secret.txt', join(folder, 'link'));
  symlinkSync('/etc', join(folder, 'etc'));
});
afterAll(async () => {
  delete process.env.SANDGLASS_TEST_KEY;
  await runtime.close();
  rmSync(outside, { recursive: true });
});

const run = (code: string, options: object = {}): Promise<Outcome> =>
  runtime.run({
    language: 'shell',
    code,
    grant: { fs: [{ host: folder, guest: '/data', access: ['read', 'write'] }] },
    ...options,
  });

const ended = ({ ok, exitCode, ...outcome }: Outcome) =>
  ok ? 'ok' : exitCode === undefined && 'error' in outcome ? outcome.error.code : `exit ${exitCode}`;

describe('a shell script is stopped by the limits of its run', verifies('EX-28'), () => {
  test.each([
    ['a fork bomb', ':(){ :|:& };:', { fuel: 2_000_000_000 }],
    ['a loop', 'while :; do :; done', { fuel: 100_000_000 }],
    ['a loop in the background', '(while :; do :; done) & wait', { fuel: 100_000_000 }],
    ['yes into nothing', 'while yes > /dev/null; do :; done', { fuel: 500_000_000 }],
    [
      'a regular expression',
      'x=$(printf "%05000d" 0); while [[ $x =~ ^(0*)*1$ ]] || :; do :; done',
      { fuel: 500_000_000 },
    ],
    [
      'a script that runs itself',
      "echo 'sh /tmp/me; sh /tmp/me' > /tmp/me; while :; do sh /tmp/me; done",
      { fuel: 2_000_000_000 },
    ],
    ['a trap of its own end', 'trap "trap - EXIT; while :; do :; done" EXIT', { fuel: 100_000_000 }],
  ])('%s: fuel', async (_what, code, limits) => {
    const outcome = await run(`${code}`, { limits: { ...limits, hostCalls: 1_000_000 } });
    // A bomb may also fill its stack or its memory first: whatever it meets is a limit.
    expect(['FUEL_EXHAUSTED', 'STACK_EXCEEDED', 'MEMORY_EXCEEDED']).toContain(ended(outcome));
  });

  test.each([
    ['a variable that doubles', 'x=x; while :; do x=$x$x; done'],
    [
      'an array without an end',
      'while :; do a+=(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx); done',
    ],
    [
      'a pipe that is held',
      'x=$(while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done)',
    ],
    [
      'a width',
      `printf "%0900000000d" 1 > /dev/null; x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo \${#x}`,
    ],
  ])('%s: memory', async (_what, code) => {
    const outcome = await run(code, { limits: { memoryBytes: 32 * 2 ** 20, fuel: 20_000_000_000 } });
    expect(outcome.usage.memoryBytes).toBeLessThanOrEqual(32 * 2 ** 20);
    // The interpreter has caps of its own on some of these; then the script ends, or goes on with less.
    if (!outcome.ok)
      expect(['MEMORY_EXCEEDED', 'FUEL_EXHAUSTED', 'GUEST_TRAPPED', 'exit 1', 'exit 127']).toContain(
        ended(outcome),
      );
  });

  test('output without an end', async () => {
    const outcome = await run('while :; do yes; done', { limits: { outputBytes: 100_000 } });
    expect(ended(outcome)).toBe('OUTPUT_EXCEEDED');
    expect(outcome.stdout.length).toBeLessThanOrEqual(100_000);
  });

  test('a call that never ends is over its deadline', async () => {
    expect(ended(await run('sleep 500', { limits: { timeoutMs: 300 } }))).toBe('DEADLINE_EXCEEDED');
    expect(ended(await run('sleep 500 & wait', { limits: { timeoutMs: 300 } }))).toBe('DEADLINE_EXCEEDED');
  });

  test('files without an end are host calls without an end', async () => {
    const outcome = await run('while :; do echo x > /tmp/f; done', { limits: { hostCalls: 50 } });
    expect(ended(outcome)).toBe('HOST_CALLS_EXCEEDED');
  });

  test('nesting is an error of the script, never of the host', async () => {
    for (const code of [
      `echo ${'$('.repeat(400)}echo x${')'.repeat(400)}`,
      `${'('.repeat(2_000)}echo x${')'.repeat(2_000)}`,
      `echo $((${'('.repeat(5_000)}1${')'.repeat(5_000)}))`,
      `${'if :; then '.repeat(500)}:;${' fi;'.repeat(500)}`,
      'f() { f; }; f',
      'eval "$(printf "eval %.0s" $(seq 1 500)) :"',
    ]) {
      const outcome = await run(code, { grant: {} });
      if (!outcome.ok)
        expect(['STACK_EXCEEDED', 'GUEST_TRAPPED', 'exit 1', 'exit 2', 'exit 126', 'exit 127']).toContain(
          ended(outcome),
        );
    }
  });
});

describe('a shell script reaches nothing but its grant', verifies('EX-28', 'FS-13'), () => {
  test.each([
    'cat ../secret.txt',
    'cat /data/../../secret.txt',
    'cat link',
    'cat etc/hostname',
    'cd ..; cat secret.txt',
    'ln -s ../secret.txt l2 && cat l2',
    'cp link /tmp/x && cat /tmp/x',
    'tar cf /tmp/t.tar link && tar xf /tmp/t.tar -C /tmp && cat /tmp/link',
    'while read -r l; do echo "$l"; done < link',
    'source link',
    'cat /proc/self/root/etc/hostname',
    'cat /dev/fd/3',
    'echo "$(<link)"',
    'cat < /data/./sub/../../secret.txt',
  ])('%s', async (code) => {
    const outcome = await run(code);
    expect(`${outcome.stdout}${outcome.stderr}`).not.toContain('secret\n');
    expect(outcome.stdout).not.toContain('secret');
  });

  test.each([
    'echo x > ../new.txt',
    'echo x > etc/new.txt',
    'mkdir ../new.txt',
    'mv a.txt ../new.txt',
    'cp a.txt ../new.txt',
    'touch ../new.txt',
    'rm ../secret.txt',
    'tee ../new.txt < a.txt',
    'ln a.txt ../new.txt',
  ])('%s changes nothing outside', async (code) => {
    await run(`${code} || exit 1`);
    expect(readdirSync(outside).toSorted()).toEqual(['granted', 'secret.txt']);
    writeFileSync(join(folder, 'a.txt'), 'inside');
  });

  test('a folder that may only be read stays as it is', async () => {
    const grant = { fs: [{ host: folder, guest: '/data', access: ['read'] }] };
    for (const code of [
      'echo x > a.txt',
      'echo x >> a.txt',
      'rm a.txt',
      'mv a.txt b.txt',
      ': > b.txt',
      'sed -i s/i/o/ a.txt',
    ])
      expect(ended(await run(code, { grant }))).toBe('CAPABILITY_DENIED');
    expect(existsSync(join(folder, 'b.txt'))).toBe(false);
    expect(await run('cat a.txt', { grant })).toMatchObject({ stdout: 'inside' });
  });

  test('nothing of this process is in its environment or its system', async () => {
    const outcome = await run(
      'env; set; uname -a; hostname; whoami; id; ps; cat /etc/passwd /proc/*/environ /proc/self/maps; echo ~; echo $PPID',
      {
        grant: {},
      },
    );
    const told = `${outcome.stdout}${outcome.stderr}`;
    expect(told).not.toContain(HOST_SECRET);
    expect(told).not.toContain(process.cwd());
    expect(told).not.toContain(outside);
    expect(
      told
        .split('\n')
        .filter((line) => /^\w+=/.test(line))
        .map((line) => line.split('=')[0]),
    ).not.toContain('NODE_OPTIONS');
  });

  test('arguments are texts: nothing in them is run', async () => {
    const evil = '$(touch /data/pwned); `touch /data/pwned`; "; touch /data/pwned #';
    const outcome = await run('printf "%s" "$1" "$name"; echo $1 > /dev/null', {
      argv: [evil],
      inputs: { name: evil },
    });
    expect(outcome.stdout).toBe(evil + evil);
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });
});

describe('commands of a shell script are those of its list', verifies('EX-28'), () => {
  const only = (code: string, ...commands: string[]) => run(code, { options: { commands } });

  test.each([
    ['echo a; rm a.txt', 'rm'],
    ['echo $(rm a.txt)', 'rm'],
    ['echo `rm a.txt`', 'rm'],
    ['f() { rm a.txt; }; f', 'rm'],
    ['/bin/rm a.txt', 'rm'],
    ['if [ x = y ]; then rm a.txt; fi', 'rm'],
    ['cat <(rm a.txt)', 'rm'],
    ['x=1 rm a.txt', 'rm'],
    ['\\rm a.txt', 'rm'],
    ["r''m a.txt", 'rm'],
    ['"rm" a.txt', 'rm'],
    ['xargs rm < a.txt', 'rm'],
    ['env rm a.txt', 'rm'],
    ['command rm a.txt', 'rm'],
    ['timeout 5 rm a.txt', 'rm'],
    ['eval "rm a.txt"', 'eval'],
    ['source a.txt', 'source'],
    ['bash -c "rm a.txt"', 'bash'],
    ['trap "rm a.txt" EXIT', 'trap'],
  ])('%s', async (code, named) => {
    const outcome = await only(code, 'echo', 'cat', 'xargs', 'env', 'command', 'timeout', 'test');
    expect(ended(outcome)).toBe('INPUT_INVALID');
    expect(outcome.ok ? '' : outcome.error.message).toMatch(new RegExp(`"(/bin/)?${named}"|"5"`));
    expect(outcome.stdout).toBe('');
    expect(existsSync(join(folder, 'a.txt'))).toBe(true);
  });

  test.each(['c=rm; $c a.txt', '$(echo rm) a.txt', `\${x:-rm} a.txt`, `x=r; \${x}m a.txt`])(
    '%s is a name that is not known before it runs',
    async (code) => {
      const outcome = await only(code, 'echo');
      expect(ended(outcome)).toBe('INPUT_INVALID');
      expect(existsSync(join(folder, 'a.txt'))).toBe(true);
    },
  );

  test.each([
    'eval "rm a.txt"',
    'find . -name a.txt -exec rm {} \\;',
    'awk "BEGIN { system(\\"rm a.txt\\") }"',
    'find . -delete',
  ])('%s finds no rm, and deletes nothing without fs.delete', async (code) => {
    await run(`${code} || true`, {
      options: { commands: ['eval', 'find', 'awk', 'true'] },
      grant: { fs: [{ host: folder, guest: '/data', access: ['read'] }] },
    });
    expect(existsSync(join(folder, 'a.txt'))).toBe(true);
  });

  test('what is in it runs, and functions of its own', async () => {
    expect(
      await only(
        'f() { echo hi; }; f | cat; x=1; [ $x = 1 ] && for i in 1 2; do echo $i; done',
        'echo',
        'cat',
        'test',
      ),
    ).toMatchObject({
      ok: true,
      stdout: 'hi\n1\n2\n',
    });
  });

  test.each([[['a/b']], ['echo'], [[1]], [{}]])('%j is no list of commands', async (commands) => {
    expect(ended(await run('echo', { options: { commands } }))).toBe('INPUT_INVALID');
  });

  test('an option that is not known is refused', async () => {
    expect(ended(await run('echo', { options: { command: ['echo'] } }))).toBe('INPUT_INVALID');
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, defineHostFunction, type Outcome, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
  folder = mkdtempSync(join(tmpdir(), 'sandglass-shell-'));
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'a.txt'), 'b\na\nb\n');
  writeFileSync(join(folder, 'sub/c.txt'), 'needle\n');
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const grantOf = (...access: ('read' | 'write')[]) => ({ fs: [{ host: folder, guest: '/data', access }] });
const run = (code: string, options: object = {}): Promise<Outcome> =>
  runtime.run({ language: 'shell', code, grant: grantOf('read', 'write'), ...options });

describe('a shell script', verifies('EX-28'), () => {
  test.each([
    ['echo a > f; cat f | wc -c', '2\n'],
    ['sort a.txt | uniq -c', '      1 a\n      2 b\n'],
    ['grep -r needle . | cut -d: -f1', './sub/c.txt\n'],
    ['find . -name "*.txt" | sort', './a.txt\n./sub/c.txt\n'],
    ['awk \'{ n[$1]++ } END { print n["b"] }\' a.txt', '2\n'],
    ["sed 's/a/z/' a.txt | tr '\\n' ,", 'b,z,b,'],
    ['echo \'{"n":[1,2]}\' | jq -c ".n[1]"', '2\n'],
    [`[[ abc =~ b(.) ]] && echo "\${BASH_REMATCH[1]}"`, 'c\n'],
    [`x=(1 2 3); echo "\${#x[@]} \${x[-1]}"; declare -A m=([k]=v); echo "\${m[k]}"`, '3 3\nv\n'],
    ['f() { local n=$1; [ "$n" -gt 0 ] && f $((n-1)) || echo deep; }; f 100', 'deep\n'],
    ['tar czf /tmp/t.tgz a.txt && tar tzf /tmp/t.tgz', 'a.txt\n'],
    ['cat <<END\n$((6*7))\nEND', '42\n'],
    ['diff <(echo a) <(echo b) > /dev/null; echo $?', '1\n'],
    ['mkdir -p d/e && touch d/e/g && mv d x && find x -type f && rm -r x && ls', 'x/e/g\na.txt\nsub\n'],
    ['trap "echo bye" EXIT; echo hi', 'hi\nbye\n'],
    ['sleep 0.01 & wait; echo waited', 'waited\n'],
  ])('%s', async (code, stdout) => {
    const outcome = await run(`${code}\nrm -f f`);
    expect({ stdout: outcome.stdout, stderr: outcome.stderr }).toEqual({ stdout, stderr: '' });
  });

  test('works in the granted folder: what it writes is there', async () => {
    expect(await run('printf "%s\\n" x y > new.txt; wc -l < new.txt')).toMatchObject({
      ok: true,
      stdout: '2\n',
    });
    expect(readFileSync(join(folder, 'new.txt'), 'utf8')).toBe('x\ny\n');
    rmSync(join(folder, 'new.txt'));
  });

  test('has arguments, variables, stdin, environment and a folder as it was told', async () => {
    const outcome = await run('echo "$0 $# $2 $LANG $name $list $PWD"; read -r line; echo "$line"; cat', {
      filename: 'me.sh',
      argv: ['a', 'b c'],
      inputs: { name: 'Ada', list: [1, 2] },
      stdin: 'one\ntwo\n',
      cwd: '/data/sub',
      grant: { ...grantOf('read'), env: { LANG: 'de' } },
    });
    expect(outcome).toMatchObject({
      ok: true,
      exitCode: 0,
      stdout: 'me.sh 2 b c de Ada [1,2] /data/sub\none\ntwo\n',
    });
  });

  test('files go in and out without a folder', async () => {
    const outcome = await run('tr a-z A-Z < in.txt > out.txt', {
      grant: {},
      files: { '/tmp/in.txt': 'text' },
      collect: ['/tmp/out.txt'],
    });
    const [file] = outcome.ok ? Object.values(outcome.files ?? {}) : [];
    expect(new TextDecoder().decode(file)).toBe('TEXT');
  });

  test.each(['minimal', 'standard', 'strict', 'maximum'] as const)('runs at level %s', async (level) => {
    expect(await run('echo $((1+1))', { level, grant: {} })).toMatchObject({ ok: true, stdout: '2\n' });
  });

  test('a status other than 0 is an error with its code, and so is a text that is no script', async () => {
    expect(await run('echo out; exit 7')).toMatchObject({
      ok: false,
      exitCode: 7,
      stdout: 'out\n',
      error: { code: 'GUEST_THREW', details: { exitCode: 7 } },
    });
    const broken = await run('if true; then', { filename: 'x.sh' });
    expect(broken).toMatchObject({ ok: false, exitCode: 2 });
    expect(broken.stderr).toMatch(/^x\.sh: .*syntax error/);
  });

  test('is bytes in and bytes out', async () => {
    const outcome = await run('cat > b; cat b b | wc -c; od -An -tx1 b', {
      grant: {},
      stdin: new Uint8Array([0, 255, 10, 128]),
    });
    expect(outcome.stdout).toBe('8\n 00 ff 0a 80\n');
  });

  test('the same burns the same fuel', async () => {
    const one = await run('for i in 1 2 3; do echo $i; done', { deterministic: { seed: 1, now: 0 } });
    const two = await run('for i in 1 2 3; do echo $i; done', { deterministic: { seed: 1, now: 0 } });
    expect(one.usage.fuel).toBe(two.usage.fuel);
    expect(one.ok).toBe(true);
  });
});

describe('commands of a shell script that reach out', verifies('EX-28'), () => {
  test('are not there without their part of the grant', async () => {
    const outcome = await run(
      'curl http://localhost; echo $?; tool x {}; echo $?; python -c 1; echo $?; docker; echo $?',
    );
    expect(outcome.stdout).toBe('127\n127\n127\n127\n');
  });

  test('tool calls a tool with JSON, and prints what it answers', async () => {
    await using own = createRuntime({ limits: { timeoutMs: 120_000 } });
    own.tools.register(
      {
        name: 'twice',
        description: 'Doubles a number',
        input: { type: 'object', properties: { n: { type: 'number' } } },
      },
      { language: 'javascript', code: 'export const run = ({ n }) => ({ n: n * 2 });' },
    );
    const outcome = await own.run({
      language: 'sh',
      code: `tool twice '{"n": 21}' | jq .n; echo '{"n":1}' | tool twice; tool --search double | jq -r '.[0].name'; tool nope '{}'; echo $?; tool twice '['; echo $?`,
      grant: { tools: ['twice'] },
    });
    expect(outcome.stdout).toBe('42\n{"n":2}\ntwice\n1\n2\n');
    expect(outcome.usage.hostCalls).toMatchObject({ 'tools.call': 4 });
  });
});

test(
  '`node` and `python` that fail show what they printed, and keep their status',
  verifies('EX-28'),
  async () => {
    const outcome = await run(
      `node -e 'console.log("from js"); throw new Error("js broke")'; echo $?
python -c 'import sys; print("from py"); print("told", file=sys.stderr); sys.exit(7)'; echo $?`,
      { grant: { ...grantOf('read'), run: { languages: ['javascript', 'python'] } } },
    );
    expect({ ok: outcome.ok, stdout: outcome.stdout }).toEqual({
      ok: true,
      stdout: 'from js\n1\nfrom py\n7\n',
    });
    expect(outcome.stderr).toContain('js broke');
    expect(outcome.stderr).toContain('told\n');
  },
);

describe('a shell session', verifies('EX-24', 'EX-28'), () => {
  test('keeps variables, functions and the folder, whatever the status was', async () => {
    await using session = await runtime.sessions.open({ language: 'bash', grant: grantOf('read') });
    const stdouts: string[] = [];
    for (const code of ['x=5; cd sub; f() { echo "$x $PWD"; }', 'f; false', 'exit 3', 'f; cat c.txt'])
      stdouts.push((await session.run({ code })).stdout);
    expect(stdouts).toEqual(['', '5 /data/sub\n', '', '5 /data/sub\nneedle\n']);
  });

  test('each of its runs has input, output and fuel of its own', async () => {
    await using session = await runtime.sessions.open({ language: 'sh' });
    await session.run({ code: 'read -r a', stdin: 'first\n' });
    const second = await session.run({ code: 'cat; echo "$a"', stdin: 'second\n' });
    expect(second.stdout).toBe('second\nfirst\n');
    expect((await session.run({ code: 'while :; do :; done', limits: { fuel: 50_000_000 } })).ok).toBe(false);
    expect(await session.run({ code: ':' })).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
  });
});

describe('a tool that is a shell script', verifies('EX-31'), () => {
  test('has its manifest in its head comment, and its arguments as variables', async () => {
    await using own = createRuntime({ limits: { timeoutMs: 120_000 } });
    const file = join(folder, 'count_lines.sh');
    writeFileSync(
      file,
      `#!/bin/sh
# sandglass:tool {
#   "name": "count_lines",
#   "description": "Counts the lines of a file",
#   "capabilities": ["fs.read"],
#   "input": { "type": "object", "properties": { "path": { "type": "string" } }, "required": ["path"] }
# }
wc -l < "$path"
`,
    );
    await own.tools.load(file);
    const grant = grantOf('read');
    expect(await own.tools.call('count_lines', { path: 'a.txt' }, { grant })).toMatchObject({
      ok: true,
      value: 3,
    });
    expect(await own.tools.call('count_lines', { path: '$(echo x > y); a.txt' }, { grant })).toMatchObject({
      ok: false,
    });
    rmSync(file);
  });
});

test('tool bash runs a command, and says how it ended', verifies('EX-29'), async () => {
  await using own = createRuntime({
    limits: { timeoutMs: 120_000 },
    tools: { builtin: true, confirm: () => true },
  });
  const call = (args: object, grant = { run: {} } as object) =>
    own.tools.call('bash', args as never, { grant, retries: 0 });
  expect(await call({ command: 'echo hi' })).toMatchObject({
    ok: true,
    value: { stdout: 'hi\n', exitCode: 0 },
  });
  expect(await call({ command: 'echo no >&2; exit 3', cwd: '/tmp' })).toMatchObject({
    ok: true,
    value: { stdout: '', stderr: 'no\n', exitCode: 3 },
  });
  expect(await call({ command: 'x', timeoutMs: 10 })).toMatchObject({
    error: { code: 'INPUT_INVALID', message: expect.stringContaining('1000') },
  });
  expect(await call({ command: 'echo hi' }, {})).toMatchObject({ error: { code: 'CAPABILITY_DENIED' } });
});

test('an embedder’s own host function is not a command', async () => {
  const own = defineHostFunction({ name: 'secret', operations: { tell: { call: () => 'x' } } });
  await using other = createRuntime({ hostFunctions: [own] });
  const outcome = await other.run({
    language: 'sh',
    code: 'secret tell',
    grant: { custom: { secret: true } },
  });
  expect(outcome).toMatchObject({ ok: false, exitCode: 127 });
});

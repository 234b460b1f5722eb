/** One case of a spec file of Oils: a script, and what a shell makes of it. */
export interface SpecCase {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly code: string;
  readonly status: number;
  /** `undefined`: any. */
  readonly stdout: string | undefined;
}

/**
 * Reads a spec file: cases begin with `#### NAME`; lines that begin with `## ` say what is expected, of all shells or by `OK`, `BUG` or `N-I` of
 * some. What is said of bash holds here: the shell means to be one.
 */
export function specCases(text: string): readonly SpecCase[] {
  const cases: SpecCase[] = [];
  const lines = text.split('\n');
  let at = lines.findIndex((line) => line.startsWith('#### '));
  while (at >= 0 && at < lines.length) {
    const end = lines.findIndex((line, index) => index > at && line.startsWith('#### '));
    const body = lines.slice(at + 1, end < 0 ? lines.length : end);
    cases.push(readCase((lines[at] ?? '').slice(5).trim(), at + 1, body));
    at = end;
  }
  return cases;
}

const QUALIFIED =
  /^## (?:(OK|BUG|N-I)(?:-\d)? (\S+) )?(status|stdout-json|stdout|STDOUT|stderr-json|stderr|STDERR|code):? ?(.*)$/;

function readCase(name: string, line: number, body: readonly string[]): SpecCase {
  const code: string[] = [];
  const all: { status?: number; stdout?: string } = {};
  const bash: { status?: number; stdout?: string } = {};
  for (let at = 0; at < body.length; at += 1) {
    const one = body[at] ?? '';
    const [, kind, shells = '', what, rest = ''] = QUALIFIED.exec(one) ?? [];
    if (what === undefined) {
      if (!one.startsWith('## ')) code.push(one);
      continue;
    }
    let block = '';
    if (what === 'STDOUT' || what === 'STDERR')
      // It ends at `## END`, or where the next thing is said.
      for (; at + 1 < body.length && !(body[at + 1] ?? '').startsWith('## '); at += 1)
        block += `${body[at + 1]}\n`;
    const isBash = shells.split('/').some((shell) => /^bash(?:-[\d.]+)?$/.test(shell));
    if (kind !== undefined && !isBash) continue;
    const into = kind === undefined ? all : bash;
    if (what === 'status') into.status = Number(rest);
    else if (what === 'STDOUT') into.stdout = block;
    else if (what === 'stdout') into.stdout = `${rest}\n`;
    else if (what === 'stdout-json') into.stdout = String(JSON.parse(rest));
    else if (what === 'code') code.push(rest);
  }
  return {
    name,
    line,
    code: code.join('\n').trimEnd(),
    status: bash.status ?? all.status ?? 0,
    stdout: bash.stdout ?? all.stdout,
  };
}

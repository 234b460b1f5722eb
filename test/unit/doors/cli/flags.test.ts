import { describe, expect, test } from 'vitest';
import { type Flag, parseArguments } from '../../../../runtime/doors/cli/flags.ts';

const FLAGS: readonly Flag[] = [
  { name: 'json', help: '' },
  { name: 'timeout', value: 'TIME', help: '' },
  { name: 'allow-read', value: 'HOST', repeats: true, help: '' },
  { name: 'stdin', value: 'FILE', help: '' },
];

describe('parseArguments()', () => {
  test('reads values behind = or as the next argument, switches, and the rest', () => {
    const parsed = parseArguments(
      [
        'a.js',
        '--json',
        '--timeout=5s',
        '--allow-read',
        './a',
        '--allow-read=b=c',
        '--stdin',
        '-',
        '-',
        '--',
        '--json',
        '-x',
      ],
      FLAGS,
    );
    expect(parsed.positionals).toEqual(['a.js', '-']);
    expect(parsed.rest).toEqual(['--json', '-x']);
    expect(parsed.has('json')).toBe(true);
    expect(parsed.one('timeout')).toBe('5s');
    expect(parsed.all('allow-read')).toEqual(['./a', 'b=c']);
    expect(parsed.one('stdin')).toBe('-');
  });

  test('answers nothing for flags that were not given', () => {
    const parsed = parseArguments([], FLAGS);
    expect([parsed.has('json'), parsed.one('timeout'), parsed.all('allow-read')]).toEqual([
      false,
      undefined,
      [],
    ]);
  });

  test('keeps an empty value apart from none', () => {
    expect(parseArguments(['--timeout='], FLAGS).one('timeout')).toBe('');
  });

  test.each([
    [['--timeot=5s'], 'Unknown flag "--timeot", did you mean "--timeout"?'],
    [['--alow-read', 'x'], 'Unknown flag "--alow-read", did you mean "--allow-read"?'],
    [['-json'], 'Unknown flag "-json", did you mean "--json"?'],
    [['-x'], 'Unknown flag "-x"'],
    [['--constructor'], 'Unknown flag "--constructor"'],
    [['--timeout'], 'Cannot read --timeout: it needs a value, --timeout=TIME'],
    [['--timeout', '--json'], 'Cannot read --timeout: it needs a value, --timeout=TIME'],
    [['--json=yes'], 'Cannot read --json=yes: --json takes no value'],
    [['--read=a'], 'Unknown flag "--read", did you mean "--allow-read"?'],
    [['--level=strict'], 'Unknown flag "--level"'],
    [['--timeout=1s', '--timeout=2s'], 'Cannot read --timeout: it was given more than once'],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args, FLAGS)).toThrow(message);
  });
});

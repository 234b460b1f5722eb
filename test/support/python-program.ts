import { defined } from '../../runtime/vocabulary/defined.ts';
/** What comments at the start of a recorded Python program say of how it is run. */
export interface PythonHeader {
  /** Its first version of Python. */
  readonly since?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** The exit code. */
  readonly exit: number;
}

/** Reads `# since: 3.14`, `# env: NAME=VALUE`, `# stdin: two\nlines`, `# exit: 3`. */
export function readHeader(code: string): PythonHeader {
  const line = (name: string): string | undefined =>
    code
      .split('\n', 5)
      .find((text) => text.startsWith(`# ${name}: `))
      ?.slice(name.length + 4);
  const since = line('since');
  const [name, value] = line('env')?.split('=') ?? [];
  return {
    ...defined({ since }),
    env: { TZ: 'UTC', ...(name === undefined || value === undefined ? {} : { [name]: value }) },
    stdin: line('stdin')?.replaceAll('\\n', '\n') ?? '',
    exit: Number(line('exit') ?? 0),
  };
}

/** A component that waits for the source of a tool; it imports these interfaces of `sandglass:host`, and `log`. */
export interface Shell {
  readonly name: string;
  readonly interfaces: readonly string[];
}

export const SHELLS: readonly Shell[] = [
  { name: 'pure', interfaces: [] },
  { name: 'fs', interfaces: ['fs'] },
  { name: 'http', interfaces: ['http'] },
  { name: 'fs-http', interfaces: ['fs', 'http'] },
];

/** The interfaces that capabilities call for: a tool imports nothing that it does not ask for. */
export function interfacesOf(capabilities: readonly string[]): readonly string[] {
  return [
    ...(capabilities.some((name) => /^(?:\*$|fs\.)/.test(name)) ? ['fs'] : []),
    ...(capabilities.some((name) => /^(?:\*|http)$/.test(name)) ? ['http'] : []),
  ];
}

/** The shell for a tool with these capabilities. */
export function shellFor(capabilities: readonly string[]): Shell {
  const interfaces = interfacesOf(capabilities);
  const found = SHELLS.find((shell) => shell.interfaces.join() === interfaces.join());
  if (found === undefined) throw new Error(`there is a shell for each set of interfaces: ${interfaces.join()}`);
  return found;
}

/** The world `tool`, narrowed to some interfaces. */
export const shellWorld = (interfaces: readonly string[]): string => `package built:tool;
world built {
  use sandglass:host/types@0.1.0.{host-error};
  ${[...interfaces, 'log'].map((name) => `import sandglass:host/${name}@0.1.0;`).join('\n  ')}
  export describe: func() -> string;
  export invoke: func(input: string) -> result<string, host-error>;
}`;

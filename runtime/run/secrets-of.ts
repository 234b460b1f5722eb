import type { RuntimeOptions } from '../contracts/api/runtime.ts';
import type { SandboxContext } from './sandbox-context.ts';

/** The embedder's secrets by name; of one that is a function, what it answers for the run. */
export const secretsOf =
  (secrets: RuntimeOptions['secrets'] = {}): SandboxContext['secret'] =>
  (name, identity) => {
    const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    return typeof secret === 'function' ? secret(identity) : secret;
  };

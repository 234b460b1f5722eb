import type { RuntimeOptions } from '../contracts/api/runtime.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { SandboxContext } from './sandbox-context.ts';

/**
 * The embedder's secrets by name; of one that is a function, what it answers for the run.
 * @param blame Told what a function has thrown: whoever asked for the run is told no more than which it was.
 */
export const secretsOf =
  (
    secrets: RuntimeOptions['secrets'] = {},
    blame: (error: unknown, identity: RunIdentity) => void,
  ): SandboxContext['secret'] =>
  async (name, identity) => {
    const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (typeof secret !== 'function') return secret;
    try {
      return await secret(identity);
    } catch (error) {
      if (error instanceof SandglassError) throw error;
      blame(error, identity);
      throw new SandglassError(
        'HOST_CALL_FAILED',
        `Cannot use the secret "${name}": the function that gives it has failed`,
        {
          details: { secret: name, reason: 'secret' },
          hint: 'Its error went to onError of the runtime; the same call may work later',
          cause: error,
        },
      );
    }
  };

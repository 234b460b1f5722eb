import type { HostFunction, HostReply, OperationInfo } from '../../runtime/contracts/host-function.ts';
import type { RunPort } from '../../runtime/contracts/operations/run.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';

const OPERATIONS: Readonly<Record<string, OperationInfo>> = Object.freeze({
  'picture.png': Object.freeze({ capability: 'picture.png', kind: 'act' }),
});
/** As `guest-tools/picture/src/main.rs` names it. */
const FILE = 'picture.png';
const MOST_SAID = 300;

/**
 * The host function `picture`: SVG as PNG, drawn by a guest of ours within the budget of the run that asks. It needs no grant, for it reaches
 * nothing. Errors: INPUT_INVALID for what is no SVG, has too many pixels, or letters that its font has not; else whatever the guest ended with.
 * @param port What begins the runs.
 * @param load The module of that guest, unpacked; it is asked for at each call.
 */
export function createPictureHostFunction(
  port: Pick<RunPort, 'start'>,
  load: () => Promise<Uint8Array>,
): HostFunction<never> {
  return {
    name: 'picture',
    network: false,
    operations: OPERATIONS,
    checksPermissions: true, // there is none to have
    parse: (_, where) => {
      throw new TypeError(`Cannot read ${where}: pictures need no grant`);
    },
    open: (_, { run, limits }) => ({
      call: async (_operation, { args, signal }): Promise<HostReply> => {
        const svg = svgOf(args);
        const asked = {
          module: await load(),
          filename: 'picture.wasm',
          stdin: svg,
          collect: [FILE],
          limits: { memoryBytes: limits.memoryBytes },
        };
        const outcome = await port.start(asked, { run, signal, share: [], further: undefined });
        if (!outcome.ok) {
          const { code, message, retryable } = outcome.error;
          if (code === 'GUEST_THREW' && outcome.stderr !== '') throw complain(outcome.stderr);
          throw new SandglassError(code, `Cannot draw the picture: ${message}`, { retryable });
        }
        const bytes = outcome.files?.[FILE];
        if (bytes === undefined) throw new Error('nothing was drawn'); // it ends well only once it has written one
        return { bytes, givesBytes: true };
      },
      close: () => undefined,
    }),
  };
}

function svgOf({ svg, ...others }: JsonObject): string {
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw complain(`unknown argument ${JSON.stringify(unknown.slice(0, 64))}`);
  if (typeof svg === 'string') return svg;
  throw complain('"svg" must be a text');
}

const complain = (said: string): SandglassError => {
  const reason = said.slice(0, MOST_SAID);
  return new SandglassError('INPUT_INVALID', `Cannot draw the picture: ${reason}`, { details: { reason } });
};

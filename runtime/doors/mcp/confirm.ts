import {
  acceptedContent,
  createRequestStateCodec,
  type InputRequiredResult,
  inputRequired,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { sha256Hex } from '../../vocabulary/sha256.ts';

/** What a question is bound to. The client holds it, sealed. */
interface Asked {
  readonly digest: string;
  readonly nonce: string;
}

/** Asks the person in front of the client before a dangerous tool runs. */
export interface Confirmations {
  readonly codec: RequestStateCodec<Asked>;
  /** What was answered to the question about this call: `undefined` when it has not been asked, or was answered before. */
  answerOf(call: AskedCall, context: ServerContext): Promise<boolean | undefined>;
  /** The question. */
  ask(call: AskedCall, context: ServerContext): Promise<InputRequiredResult>;
}

export interface AskedCall {
  readonly tool: string;
  readonly args: unknown;
}

const CONFIRM = 'confirm';
/** Characters of the arguments that are shown. */
const MOST_SHOWN = 2_000;
/** Questions whose answers are remembered as used. */
const MOST_USED = 10_000;

/** @param key Signs what clients hold, 32 bytes or more. */
export function createConfirmations(key: Uint8Array): Confirmations {
  const codec = createRequestStateCodec<Asked>({
    key,
    bind: ({ mcpReq, http }) => `${mcpReq.method}\0${http?.authInfo?.clientId ?? ''}`,
  });
  const used = new Recent<true>(MOST_USED);
  return {
    codec,
    async answerOf(call, { mcpReq }) {
      const asked = mcpReq.requestState<Asked>();
      if (asked === undefined || mcpReq.inputResponses?.[CONFIRM] === undefined) return undefined;
      // An answer is to one question about these very arguments.
      if (asked.digest !== (await digestOf(call)) || used.get(asked.nonce) === true) return undefined;
      used.set(asked.nonce, true);
      return acceptedContent(mcpReq.inputResponses, CONFIRM)?.[CONFIRM] === true;
    },
    ask: async (call, context) =>
      inputRequired({
        inputRequests: {
          [CONFIRM]: inputRequired.elicit({
            message: questionOf(call),
            requestedSchema: {
              type: 'object',
              properties: { [CONFIRM]: { type: 'boolean', title: 'Run it' } },
              required: [CONFIRM],
            },
          }),
        },
        requestState: await codec.mint({ digest: await digestOf(call), nonce: crypto.randomUUID() }, context),
      }),
  };
}

function questionOf({ tool, args }: AskedCall): string {
  const text = JSON.stringify(args) ?? '';
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return `Run the tool ${tool} with ${shown}?`;
}

const digestOf = ({ tool, args }: AskedCall): Promise<string> =>
  sha256Hex(new TextEncoder().encode(JSON.stringify([tool, args])));

/** The pipeline stopped this very call at its question, which nobody was asked yet. */
export function wantsConfirmation({ error, ...outcome }: OutcomeJson): boolean {
  const { trace = [] } = outcome as { readonly trace?: readonly { stage: string; code?: string }[] };
  return (
    error?.code === 'CONFIRMATION_REQUIRED' &&
    error.details?.asked !== true &&
    trace.some(({ stage, code }) => stage === 'confirm' && code === 'CONFIRMATION_REQUIRED')
  );
}

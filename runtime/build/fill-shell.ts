import { SandglassError } from '../vocabulary/errors.ts';
import { addCustomSection } from '../wasm/add-custom-section.ts';
import { MANIFEST_SECTION } from '../wasm/tool-manifest.ts';

/** What a shell has room for, lengths included. */
const CAPACITY = 262_144;
const MARK = 'sandglass\u0000\u0001\u0002hole';
const HEAD_BYTES = 8;

/**
 * A tool out of a shell: its program and its manifest go into the hole that the shell keeps in its memory. The same text gives the same bytes.
 * @param program An expression that answers `run` when it is called with the host's interfaces.
 * @throws {SandglassError} INPUT_INVALID when they do not fit.
 */
export function fillShell(
  shell: Uint8Array<ArrayBuffer>,
  program: string,
  manifest: string,
): Uint8Array<ArrayBuffer> {
  const at = new TextDecoder('latin1').decode(shell).indexOf(MARK);
  if (at < 0) throw new Error('a shell has a hole');
  const encoder = new TextEncoder();
  const [head, body] = [encoder.encode(manifest), encoder.encode(program)];
  if (HEAD_BYTES + head.byteLength + body.byteLength > CAPACITY) {
    throw new SandglassError(
      'INPUT_INVALID',
      `Cannot build the tool: its source has ${body.byteLength} bytes and its manifest ` +
`${head.byteLength}, and there is room for ${CAPACITY - HEAD_BYTES}`,
      { hint: 'Import less of large packages, or build it with --engine=starlingmonkey' },
    );
  }
  const filled = shell.slice();
  filled.fill(0x20, at, at + CAPACITY);
  const view = new DataView(filled.buffer);
  view.setUint32(at, head.byteLength, true);
  view.setUint32(at + 4, body.byteLength, true);
  filled.set(head, at + HEAD_BYTES);
  filled.set(body, at + HEAD_BYTES + head.byteLength);
  return addCustomSection(filled, MANIFEST_SECTION, head);
}

import type { Tool } from '../tool.ts';
import { pythonSignatures } from './python-signatures.ts';
import { typescriptSignatures } from './typescript-signatures.ts';

/** The typed text of tools for a prompt, in order of name. */
export function signaturesOf(tools: readonly Tool[], format: 'typescript' | 'python'): string {
  return format === 'python' ? pythonSignatures(tools) : typescriptSignatures(tools);
}

/** That of one. */
export const signatureOf = (tool: Tool, format: 'typescript' | 'python'): string =>
  signaturesOf([tool], format);

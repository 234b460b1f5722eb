/** Types of what a built tool can import. */
export const HOST_TYPES = `// What a built tool can import. A refusal is thrown as an Error whose "payload" is a HostError;
// left uncaught, the call ends with its code.

declare module 'sandglass:host/types' {
  export interface HostError {
    code: string;
    message: string;
    hint?: string;
    refusal: number;
  }
}

declare module 'sandglass:host/fs' {
  export type Kind = 'file' | 'directory' | 'symlink';
  export function read(path: string): Uint8Array;
  export function readText(path: string): string;
  export function readRange(path: string, offset: number, length: number): Uint8Array;
  export function write(path: string, contents: Uint8Array): void;
  export function writeText(path: string, contents: string): void;
  export function append(path: string, contents: Uint8Array): void;
  export function list(path: string): { name: string; kind: Kind }[];
  export function statPath(path: string): { kind: Kind; size: number; modified: number };
  export function mkdir(path: string): void;
  export function remove(path: string): void;
  export function rename(from: string, to: string): void;
}

declare module 'sandglass:host/http' {
  export interface Request {
    method: string;
    url: string;
    headers: [string, string][];
    body?: Uint8Array;
    timeoutMs?: number;
  }
  export interface Response {
    status: number;
    url: string;
    headers: [string, string][];
    body: Uint8Array;
  }
  export function fetch(request: Request): Response;
}

declare module 'sandglass:host/log' {
  export function write(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
}
`;

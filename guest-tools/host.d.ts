// The interfaces of `wit/` as the JavaScript backends show them. A refusal is thrown as an Error whose `payload` is a HostError.

declare module 'sandglass:host/types@0.1.0' {
  export interface HostError {
    code: string;
    message: string;
    hint?: string;
    refusal: number;
  }
}

declare module 'sandglass:host/fs@0.1.0' {
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

declare module 'sandglass:host/http@0.1.0' {
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

declare module 'sandglass:host/log@0.1.0' {
  export function write(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
}

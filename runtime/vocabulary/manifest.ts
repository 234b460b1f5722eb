import type { JsonObject, JsonValue } from './json.ts';
import type { Limits } from './limits.ts';

/** JSON Schema 2020-12 of an object. Remote references and keywords that nobody checks are refused. */
export type JsonSchema = JsonObject;

/** What a schema library gives as Standard Schema: zod, arktype, valibot with its converter. Only its JSON Schema is used. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: number;
    readonly vendor: string;
    readonly jsonSchema?: {
      input(options: { readonly target: string }): object;
      output(options: { readonly target: string }): object;
    };
  };
}

/** Name → schema of one parameter. One without `default` is required, unless `optional` is true. */
export type ParameterMap = { readonly [name: string]: ParameterSchema };

/** JSON Schema of one parameter; `type` may be left out where `enum` tells it. */
export type ParameterSchema = JsonObject & { readonly optional?: boolean };

/** How a result that is too long for a model is shortened: its head stays, both ends stay, or what its form calls for. */
export type Shortening = 'end' | 'middle' | 'smart';

/** What a text claims to be: it must parse as that, and what could run in a page is taken out of it. */
export const TEXT_FORMATS = Object.freeze(['text', 'json', 'mermaid', 'html', 'svg'] as const);
export type TextFormat = (typeof TEXT_FORMATS)[number];

/** How a result becomes the text that a model reads. */
export interface TextRules {
  /** Characters, 100..1_000_000. @default 50_000 */
  readonly maxChars?: number;
  /** @default 'smart' */
  readonly shorten?: Shortening;
  /** @default none is claimed, and none checked */
  readonly format?: TextFormat;
}

/** A capability of which a tool needs only a part. It never gets more of it than policy and caller have. */
export interface ScopedCapability {
  readonly name: string;
  /** Guest folders, for `fs.…`: `/data/in`. */
  readonly paths?: readonly string[];
  /** For `http` and `ws`: `https://api.example.com`. */
  readonly origins?: readonly string[];
  /** For `http`: `GET`. */
  readonly methods?: readonly string[];
}

export interface ToolExample {
  readonly description?: string;
  readonly input: JsonObject;
  /** What it answers; a test of the tool compares it. */
  readonly output?: JsonValue;
}

/** What a tool says of itself; plain JSON but for Standard Schemas. A field that is not here is an error. */
export interface ToolManifest {
  /** 1 to 64 letters, digits, `.`, `_`, `-`; begins with a letter or digit. */
  readonly name: string;
  /** 1 to 4,096 characters, for people and models. */
  readonly description: string;
  /** @default '0.0.0' */
  readonly version?: string;
  /** Other names that a call may use. */
  readonly aliases?: readonly string[];
  readonly category?: string;
  /** Describe, and grant nothing. */
  readonly tags?: readonly string[];
  readonly keywords?: readonly string[];
  /** @default an object without fields */
  readonly input?: JsonSchema | ParameterMap | StandardSchema;
  /** Enforced: a value that does not fit is OUTPUT_INVALID. @default any */
  readonly output?: JsonSchema | StandardSchema;
  readonly examples?: readonly ToolExample[];
  /** All that it may touch, `fs.read`, `fs.*`: it gets them where policy and caller allow them too. @default nothing */
  readonly capabilities?: readonly (string | ScopedCapability)[];
  readonly limits?: Partial<Limits>;
  /** Asks for confirmation before each call. @default false */
  readonly dangerous?: boolean;
  /** Equal calls may be answered from memory. @default false */
  readonly cacheable?: boolean;
  /** A call may be repeated after a failure. @default false */
  readonly idempotent?: boolean;
  /** Refused without a caller. @default false */
  readonly requiresAuth?: boolean;
  /**
   * Variables of the granted environment without which it cannot do anything, and what is in them: a call where one is not granted is UNSUPPORTED
   * with this as its hint. Wants the capability `env`. @default none
   */
  readonly settings?: Readonly<Record<string, string>>;
  /** Field of the input that text piped into a call is for. `tools.info` tells it; nothing here pipes by itself. */
  readonly pipe?: string;
  readonly text?: TextRules;
  /** Data that it brings in cannot be trusted. Refused with UNSUPPORTED: nothing enforces it yet. */
  readonly source?: boolean;
  /** It sends data away. Refused with UNSUPPORTED: nothing enforces it yet. */
  readonly sink?: boolean;
  /** Which file of its folder is the tool, beside a manifest in a file of its own. */
  readonly entry?: string;
  /** Packages of Python that a script needs. */
  readonly packages?: readonly string[];
}

import type { JsonObject, JsonValue } from '../vocabulary/json.ts';

/** What a tool's function gets for a schema of its input: JSON Schema, a map of parameters, or a Standard Schema. */
export type ArgumentsOf<Input> = Input extends { readonly '~standard': infer Standard }
  ? OfStandard<Standard>
  : Input extends { readonly type: 'object' }
    ? FieldsOf<Input>
    : Input extends { readonly type: string } | { readonly $ref: string }
      ? JsonObject
      : Input extends { readonly properties: infer Fields }
        ? Fields extends { readonly type: string } | { readonly enum: readonly unknown[] }
          ? OfParameters<Input>
          : FieldsOf<Input>
        : OfParameters<Input>;

/** A map of parameters. */
type OfParameters<Map> = Shown<
  { readonly [Name in keyof Map as MayLack<Map[Name]> extends true ? never : Name]: ValueOf<Map[Name]> } & {
    readonly [Name in keyof Map as MayLack<Map[Name]> extends true ? Name : never]?: ValueOf<Map[Name]>;
  }
>;

/** The values that a schema allows, as far as its type says: what is not read here, such as `anyOf`, may be any JSON. */
export type ValueOf<Schema> = Schema extends { readonly const: infer Only }
  ? Only
  : Schema extends { readonly enum: readonly (infer One)[] }
    ? One
    : Schema extends { readonly type: 'string' }
      ? string
      : Schema extends { readonly type: 'number' | 'integer' }
        ? number
        : Schema extends { readonly type: 'boolean' }
          ? boolean
          : Schema extends { readonly type: 'null' }
            ? null
            : Schema extends { readonly type: 'array' }
              ? ItemsOf<Schema>
              : Schema extends { readonly type: 'object' }
                ? FieldsOf<Schema>
                : JsonValue;

type ItemsOf<Schema> = Schema extends { readonly items: infer Item extends object }
  ? readonly ValueOf<Item>[]
  : readonly JsonValue[];

type FieldsOf<Schema> = Schema extends { readonly properties: infer Fields }
  ? Shown<
      {
        readonly [Name in keyof Fields as IsThere<Schema, Fields, Name> extends true ? Name : never]: ValueOf<
          Fields[Name]
        >;
      } & {
        readonly [Name in keyof Fields as IsThere<Schema, Fields, Name> extends true
          ? never
          : Name]?: ValueOf<Fields[Name]>;
      }
    >
  : JsonObject;

/** Required, or filled in. */
type IsThere<Schema, Fields, Name extends keyof Fields> = Fields[Name] extends { readonly default: unknown }
  ? true
  : Schema extends { readonly required: readonly (infer Required)[] }
    ? Name extends Required
      ? true
      : false
    : false;

/** A parameter of a map is required unless it says otherwise; one with a default is filled in. */
type MayLack<Parameter> = Parameter extends { readonly default: unknown }
  ? false
  : Parameter extends { readonly optional: true }
    ? true
    : false;

/** Only the JSON Schema of a library is used: what it would turn the input into does not happen. */
type OfStandard<Standard> = Standard extends { readonly types?: infer Types }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : JsonObject
  : JsonObject;

/** One type in messages, in place of the parts that it is made of. */
type Shown<T> = { readonly [Name in keyof T]: T[Name] };

import type { ScriptSource } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { GuestFailure } from './machine-host.ts';
import type { Program } from './program.ts';

/** Whether a text may have namespaces with values in them, which the type remover drops. */
const hasNamespaces = (text: string): boolean =>
  /(?<!\bdeclare\s{1,20})\bnamespace\s{1,20}[\w$.]{1,100}\s{0,20}\{/.test(text);

/**
 * Whether a text decorates as TypeScript did before there was a standard: nothing else has decorators of parameters, descriptors and metadata.
 * One that names a context is the standard's.
 */
const hasLegacyDecorators = (text: string): boolean =>
  /@[\w$]/.test(text) &&
  !/\b\w{1,40}DecoratorContext\b|\bcontext\s{0,4}[:.]|\baddInitializer\b/.test(text) &&
  /\b(?:Typed)?PropertyDescriptor\b|\b(?:Class|Method|Property|Parameter)Decorator\b|\breflect-metadata\b|\bReflect\.(?:metadata|\w{3,9}Metadata)\b|\bparameterIndex\b|\btarget\b[^,()\n]{0,60},\s{0,20}(?:property\w{0,20}|key|methodName|name|member)\b|[(,]\s{0,40}@[\w$]{1,60}(?:\([^()\n]{0,100}\))?\s{1,20}(?:(?:public|private|protected|readonly)\s{1,20}){0,2}[\w$]{1,60}\??\s{0,20}:/.test(
    text,
  );

/** Whether a text is read by Babel, whose work has no bound of ours: in the time of a killable job only, where there is one. */
export const wantsParser = (text: string): boolean => hasNamespaces(text) || hasLegacyDecorators(text);

/** A program in TypeScript or JSX, and its modules, without types. @throws {SandglassError} INPUT_INVALID where one cannot be read */
export async function fromTypescript({ code, filename, form, modules }: ScriptSource): Promise<Program> {
  const { stripTypes } = await import('./strip-types.ts');
  const texts = [code, ...Object.values(modules)];
  const { stripNamespaces, joinNamespaces } = texts.some(hasNamespaces)
    ? { ...(await import('./lower.ts')), ...(await import('./namespaces.ts')) }
    : { stripNamespaces: () => undefined, joinNamespaces: (text: string) => text };
  const { applyLegacyDecorators } = texts.some(hasLegacyDecorators)
    ? await import('./legacy-decorators.ts')
    : { applyLegacyDecorators: () => undefined };
  const stripped = (given: string, name: string): string => {
    const text = (hasLegacyDecorators(given) ? applyLegacyDecorators(given, name) : undefined) ?? given;
    const whole = hasNamespaces(text) ? stripNamespaces(joinNamespaces(text, name), name) : undefined;
    if (whole !== undefined) return whole;
    const result: string | GuestFailure = stripTypes(text, name);
    if (typeof result === 'string') return result;
    throw new SandglassError('INPUT_INVALID', result.failure, { details: { file: name } });
  };
  return {
    code: stripped(code, filename),
    filename,
    form,
    modules: Object.fromEntries(
      Object.entries(modules).map(([name, text]) => [
        name,
        /\.(?:json|[mc]?js)$/.test(name) ? text : stripped(text, name),
      ]),
    ),
    typescript: true,
  };
}

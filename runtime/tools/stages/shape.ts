import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { contentPartsOf } from '../../vocabulary/content-parts.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { TextFormat, TextRules } from '../../vocabulary/manifest.ts';
import type { Stage } from '../pipeline.ts';
import { type ArtifactStore, ownerOf } from '../result/artifacts.ts';
import { fileOf } from '../result/file-of.ts';
import { checkFormat } from '../result/formats.ts';
import { shorten } from '../result/shorten.ts';
import { mimeOf, textOf, valueFromText } from '../result/text-of.ts';
import type { ToolCall } from '../tool-call.ts';
import { reshaped } from '../tool-outcome.ts';

const DEFAULTS = { maxChars: 50_000, shorten: 'smart' } as const;

/** What a tool that draws may answer in place of SVG: nothing in it can run or load. */
const PIXELS: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** Makes the text that a model reads; what does not fit is kept whole as an artifact. */
export const shapeStage = (rules: TextRules, artifacts: ArtifactStore): Stage<ToolOutcome> => ({
  name: 'shape',
  when: 'after',
  handle: async (call, next, { settle }) => {
    const { result } = await next();
    const {
      maxChars,
      shorten: strategy,
      format,
    } = {
      ...DEFAULTS,
      ...rules,
      ...call.tool?.manifest.text,
      ...call.options.text,
    };
    const allowed = call.held?.profile?.profile.formats;
    if (result.ok && format !== undefined && allowed?.includes(format) === false)
      throw notAllowed(call, format, allowed);
    const file = result.ok ? fileOf(result.value) : undefined;
    if (file !== undefined && (format === undefined || (format === 'svg' && PIXELS.has(file.mime)))) {
      const artifact = artifacts.keep(file.base64, file.mime, ownerOf(call), 'base64');
      const text = shorten(JSON.stringify({ ...file.about, artifact }), strategy, maxChars);
      return settle(reshaped(result, { text, artifact }));
    }
    const whole =
      format === undefined || !result.ok
        ? textOf(result)
        : checkFormat(textOf(result), format, call.shownName);
    const shortened = shorten(whole, strategy, maxChars);
    // A text that was made safe is the value, too: nobody should find the other one beside it.
    const isMade =
      result.ok &&
      (typeof result.value === 'string'
        ? whole !== result.value
        : format !== undefined && contentPartsOf(result.value) !== undefined);
    const value = isMade ? { value: whole } : valueFromText(result, whole);
    if (shortened === whole) return settle(reshaped(result, { ...value, text: whole }));
    return settle(
      reshaped(result, {
        ...value,
        text: shortened,
        truncated: true,
        originalLength: whole.length,
        artifact: artifacts.keep(whole, mimeOf(result, format), ownerOf(call)),
      }),
    );
  },
});

const notAllowed = (call: ToolCall, format: TextFormat, allowed: readonly TextFormat[]): SandglassError =>
  new SandglassError(
    'OUTPUT_INVALID',
    `Cannot take what ${call.shownName} answered: its profile ${call.held?.profile?.name} allows no ${format}`,
    {
      details: { format, allowed },
      hint: `Answer one of ${allowed.join(', ')}, or give the tool another profile`,
    },
  );

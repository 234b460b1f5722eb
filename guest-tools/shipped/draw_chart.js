/* sandglass:tool
{
 "name": "draw_chart",
 "description": "Draws a chart from a Vega-Lite description and answers it as SVG or PNG",
 "version": "1.0.0",
 "category": "data",
 "tags": [
  "visualization"
 ],
 "keywords": [
  "chart",
  "plot",
  "graph",
  "bar",
  "line",
  "scatter",
  "histogram",
  "vega",
  "svg",
  "png"
 ],
 "input": {
  "type": "object",
  "properties": {
   "spec": {
    "type": "object",
    "description": "Vega-Lite: mark, encoding and so on; its data stands in it as values, or is passed as data"
   },
   "data": {
    "type": "array",
    "maxItems": 50000,
    "description": "Rows, in place of the data of the description"
   },
   "format": {
    "type": "string",
    "enum": [
     "svg",
     "png"
    ],
    "default": "svg",
    "description": "svg, or png: base64, its text in DejaVu Sans, which has no Chinese, Japanese, Korean or emoji"
   },
   "width": {
    "type": "integer",
    "minimum": 1,
    "maximum": 4000,
    "description": "Of the plot, in pixels"
   },
   "height": {
    "type": "integer",
    "minimum": 1,
    "maximum": 4000,
    "description": "Of the plot, in pixels"
   }
  },
  "required": [
   "spec"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000,
  "memoryBytes": 268435456,
  "fuel": 200000000000
 },
 "text": {
  "format": "svg",
  "maxChars": 1000000
 },
 "idempotent": true,
 "cacheable": true,
 "examples": [
  {
   "input": {
    "spec": {
     "mark": "bar",
     "encoding": {
      "x": {
       "field": "month",
       "type": "nominal"
      },
      "y": {
       "field": "rain",
       "type": "quantitative"
      }
     }
    },
    "data": [
     {
      "month": "Jan",
      "rain": 5.4
     },
     {
      "month": "Feb",
      "rain": 3.2
     }
    ],
    "width": 200,
    "height": 120
   }
  }
 ]
}
*/
import { svgOf } from 'charts';

export async function run({ spec, data, format, width, height }) {
  const whole = {
    ...spec,
    ...(data === undefined ? {} : { data: { values: data } }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  };
  const odd = marksOf(whole).find((mark) => !MARKS.includes(mark));
  if (odd !== undefined)
    throw new Error(
      `Cannot draw the chart: there is no mark ${JSON.stringify(odd)}; marks are ${MARKS.join(', ')}`,
    );
  let drawn;
  try {
    drawn = await svgOf(whole);
  } catch (error) {
    throw new Error(`Cannot draw the chart: ${error.message}`);
  }
  const { svg, complaints } = drawn;
  // Of data that could not be loaded, of fields that are not ones, the chart would be empty without a word.
  if (complaints.length > 0) throw new Error(`Cannot draw the chart: ${complaints.slice(0, 5).join('; ')}`);
  return format === 'png' ? pngOf(svg) : svg;
}

async function pngOf(svg) {
  try {
    const { bytes: png } = await sandglass.call('picture.png', { svg });
    return { mime: 'image/png', bytes: png.byteLength, base64: Buffer.from(png).toString('base64') };
  } catch (error) {
    if (error.code !== 'INPUT_INVALID') throw error;
    throw new Error(`Cannot draw the chart as png: ${error.details?.reason ?? error.message}; take svg`);
  }
}

const MARKS =
  'arc area bar boxplot circle errorband errorbar geoshape image line point rect rule square text tick trail'.split(
    ' ',
  );

/** Of the chart and of the charts in it. */
function marksOf(spec) {
  if (typeof spec !== 'object' || spec === null) return [];
  const { mark, layer = [], concat = [], hconcat = [], vconcat = [] } = spec;
  const name = typeof mark === 'object' && mark !== null ? mark.type : mark;
  const inner = [layer, concat, hconcat, vconcat].filter(Array.isArray).flat();
  return [...(name === undefined ? [] : [name]), ...[...inner, spec.spec].flatMap(marksOf)];
}

import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** The SVG of a chart as Vega-Lite describes it. Nothing is loaded: its data stands in it. */
export function svgOf(spec) {
  const loader = {
    load: (url) =>
      Promise.reject(new Error(`Cannot load ${String(url).slice(0, 200)}: give the data as values`)),
    sanitize: (url) => Promise.resolve({ href: String(url) }),
    http: () => Promise.reject(new Error('Cannot load anything')),
    file: () => Promise.reject(new Error('Cannot load anything')),
  };
  const complaints = [];
  const note = (...words) => {
    complaints.push(words.join(' '));
    return logger;
  };
  const silent = () => logger;
  const logger = { level: () => logger, error: note, warn: note, info: silent, debug: silent };
  const compiled = compile(spec, { logger }).spec;
  const view = new View(parse(compiled), { renderer: 'none', loader, logger });
  return view.toSVG().then((svg) => ({ svg, complaints }));
}

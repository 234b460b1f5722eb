const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Elements of HTML that may stay: those that show text, tables and pictures. */
export const HTML_ELEMENTS = words(`
  a abbr article aside b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
  figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp
  section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr`);

/** Of SVG: shapes, text, paint. None that runs, loads, animates, or takes HTML in. */
export const SVG_ELEMENTS = words(`
  svg g path rect circle ellipse line polyline polygon text tspan textPath defs linearGradient radialGradient
  stop clipPath mask pattern marker symbol use filter feGaussianBlur feOffset feBlend feMerge feMergeNode
  feColorMatrix feFlood feComposite`);

/** What is in them is not text to show: they go with all that they hold. */
export const DROPPED_WHOLE = words(`
  script style iframe noscript noembed noframes template textarea title xmp plaintext object applet math
  foreignobject desc metadata select option head audio video canvas frameset`);

/** Elements that hold nothing: no end tag. */
export const VOID_ELEMENTS = words('br hr img wbr col');

export const HTML_ATTRIBUTES = words(`
  class id title alt width height lang dir colspan rowspan scope align valign start reversed value open cite
  datetime href src style role aria-label aria-hidden`);

export const SVG_ATTRIBUTES = words(`
  class id width height viewBox preserveAspectRatio xmlns version x y x1 y1 x2 y2 cx cy r rx ry fx fy d points
  dx dy rotate textLength lengthAdjust transform gradientTransform gradientUnits patternUnits patternTransform
  patternContentUnits clipPathUnits maskUnits maskContentUnits markerUnits markerWidth markerHeight refX refY
  orient offset spreadMethod startOffset href xlink:href fill fill-opacity fill-rule stroke stroke-width
  stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity
  stop-color stop-opacity color font-family font-size font-style font-weight text-anchor text-decoration
  dominant-baseline alignment-baseline baseline-shift letter-spacing word-spacing visibility display clip-path
  clip-rule mask marker-start marker-mid marker-end filter vector-effect shape-rendering text-rendering paint-
  order style role aria-label aria-hidden stdDeviation in in2 result mode type values flood-color flood-
  opacity operator k1 k2 k3 k4 filterUnits primitiveUnits`);

/** Properties that a style may set: colours, text, boxes; none that lays it over the page. */
export const STYLE_PROPERTIES = words(`
  color background-color font-family font-size font-style font-weight font-variant text-align text-anchor
  text-decoration text-transform letter-spacing word-spacing line-height white-space vertical-align width
  height max-width min-width max-height min-height margin margin-top margin-right margin-bottom margin-left
  padding padding-top padding-right padding-bottom padding-left border border-top border-right border-bottom
  border-left border-color border-style border-width border-collapse border-spacing border-radius opacity fill
  fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap
  stroke-linejoin stroke-miterlimit stop-color stop-opacity dominant-baseline clip-path mask marker-start
  marker-mid marker-end list-style-type`);

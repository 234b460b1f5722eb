/** Light and dark as the reader has it; everything is drawn in the text's own colour and two more. */
export const DASHBOARD_STYLE = `:root {
  color-scheme: light dark;
  --line: light-dark(#d5d9de, #3a4048);
  --quiet: light-dark(#5b6570, #9aa5b1);
  --good: light-dark(#1f6feb, #6cb6ff);
  --bad: light-dark(#b42318, #ff8a7a);
  --back: light-dark(#ffffff, #14181d);
}
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--back); font: 16px/1.45 system-ui, sans-serif; }
header, nav, form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: baseline; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
#state { color: var(--quiet); margin: 0; }
#state.bad, #wrong { color: var(--bad); }
[hidden] { display: none; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.25rem; }
nav, #tiles { grid-column: 1 / -1; }
section { border-top: 1px solid var(--line); padding-top: .75rem; min-width: 0; overflow-x: auto; }
#tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; border: 0; padding: 0; margin: 0; }
.tile dt { color: var(--quiet); font-size: .85rem; }
.tile dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.tile.bad dd { color: var(--bad); }
svg { width: 100%; height: 9rem; display: block; }
svg .all { fill: var(--good); }
svg .failed { fill: var(--bad); }
svg .curve { fill: none; stroke: var(--good); stroke-width: 2; vector-effect: non-scaling-stroke; }
.scale { display: flex; justify-content: space-between; color: var(--quiet); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .75rem .2rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--quiet); font-weight: normal; } td.number, th.number { text-align: right; }
input, select, button { font: inherit; padding: .3rem .6rem; }
:focus-visible { outline: 3px solid var(--good); outline-offset: 2px; }
`;

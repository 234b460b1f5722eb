import type { DashboardFigures } from './figures.ts';

/** Draws the dashboard. It goes into the page as its own text, so it can import nothing; what it shows is set as text, never as markup. */
export function dashboardScript(): void {
  const KEPT = 'sandglass-key';
  const EVERY_MS = 2_000;
  const SVG = 'http://www.w3.org/2000/svg';
  const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
  const main = document.querySelector('main') as HTMLElement;
  const door = find<HTMLFormElement>('door');
  const state = find('state');
  let key = sessionStorage.getItem(KEPT) ?? '';
  let timer: ReturnType<typeof setTimeout> | undefined;

  const element = (name: string, text = '', className = ''): HTMLElement => {
    const made = document.createElement(name);
    made.textContent = text;
    if (className !== '') made.className = className;
    return made;
  };
  const shape = (name: string, attributes: Readonly<Record<string, string | number>>): Element => {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
    return made;
  };
  const time = (ms: number): string =>
    ms >= 10_000 ? `${(ms / 1_000).toFixed(1)} s` : ms >= 100 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
  const bytes = (count: number): string =>
    count >= 2 ** 20 ? `${(count / 2 ** 20).toFixed(1)} MiB` : `${(count / 2 ** 10).toFixed(0)} KiB`;
  const share = (rate: number): string => `${(100 * rate).toFixed(1)} %`;
  const table = (heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement => {
    if (rows.length === 0) return element('p', 'nothing yet');
    const made = element('table');
    const line = (cells: readonly string[], name: string): HTMLElement => {
      const row = element('tr');
      for (const [at, cell] of cells.entries()) row.append(element(name, cell, at === 0 ? '' : 'number'));
      return row;
    };
    made.append(line(heads, 'th'), ...rows.map((row) => line(row, 'td')));
    return made;
  };
  const picture = (
    title: string,
    most: string,
    since: string,
    shapes: readonly Element[],
  ): readonly Element[] => {
    const svg = shape('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img' });
    svg.setAttribute('aria-label', title);
    svg.append(...shapes);
    const scale = element('div', '', 'scale');
    scale.append(element('span', since), element('span', `most: ${most}`), element('span', 'now'));
    return [svg, scale];
  };
  const drawRate = ({ series, windowMinutes }: DashboardFigures): void => {
    const most = Math.max(1, ...series.map(({ total }) => total));
    const width = 100 / series.length;
    const bars = series.flatMap(({ total, failures }, at) => [
      shape('rect', {
        class: 'all',
        x: at * width,
        y: 100 - (100 * total) / most,
        width: width * 0.8,
        height: (100 * total) / most,
      }),
      shape('rect', {
        class: 'failed',
        x: at * width,
        y: 100 - (100 * failures) / most,
        width: width * 0.8,
        height: (100 * failures) / most,
      }),
    ]);
    const all = series.reduce((sum, { total }) => sum + total, 0);
    const failed = series.reduce((sum, { failures }) => sum + failures, 0);
    find('rate').replaceChildren(
      ...picture(
        `${all} runs in ${windowMinutes} minutes, ${failed} of them failed`,
        String(most),
        `${windowMinutes} min ago`,
        bars,
      ),
    );
  };
  const drawLatency = ({ series, windowMinutes }: DashboardFigures): void => {
    const most = Math.max(1, ...series.map(({ p95Ms }) => p95Ms));
    const step = 100 / Math.max(1, series.length - 1);
    const points = series.map(({ p95Ms }, at) => `${at * step},${100 - (96 * p95Ms) / most}`).join(' ');
    find('latency').replaceChildren(
      ...picture(
        `p95 over ${windowMinutes} minutes, at most ${time(most)}`,
        time(most),
        `${windowMinutes} min ago`,
        [shape('polyline', { class: 'curve', points })],
      ),
    );
  };
  const drawTiles = ({ system, windowMinutes, queue, cells, runs }: DashboardFigures): void => {
    const tiles: readonly (readonly [string, string, boolean])[] = [
      ['runs a minute', (system.total / windowMinutes).toFixed(1), false],
      ['succeeded', system.total === 0 ? '–' : share(1 - system.errorRate), system.errorRate > 0.1],
      ['failed', String(system.failures), system.failures > 0],
      ['mean', time(system.meanMs), false],
      ['p50', time(system.p50Ms), false],
      ['p95', time(system.p95Ms), system.p95Ms > 30_000],
      ['at work', String(runs), false],
      ['in the queue', String(queue.queued), !queue.accepting],
      ['cells: busy, idle', `${cells.busy}, ${cells.idle}`, false],
      ['CPU', time(system.cpuMs), false],
      ['largest guest', bytes(system.peakMemoryBytes), false],
    ];
    find('tiles').replaceChildren(
      ...tiles.map(([name, value, bad]) => {
        const tile = element('dl', '', bad ? 'tile bad' : 'tile');
        tile.append(element('dt', name), element('dd', value));
        return tile;
      }),
    );
  };
  const draw = (figures: DashboardFigures): void => {
    drawTiles(figures);
    drawRate(figures);
    drawLatency(figures);
    find('tools').replaceChildren(
      table(
        ['tool', 'calls', 'succeeded', 'mean', 'p95', 'CPU'],
        figures.tools.map((one) => [
          one.tool,
          String(one.total),
          share(one.successRate),
          time(one.meanMs),
          time(one.p95Ms),
          time(one.cpuMs),
        ]),
      ),
    );
    find('errors').replaceChildren(
      table(
        ['code', 'tool', 'count', 'last'],
        figures.errors.map((one) => [
          one.code,
          one.tool ?? '–',
          String(one.total),
          new Date(one.last).toLocaleTimeString(),
        ]),
      ),
    );
    find('users').replaceChildren(
      table(
        ['user', 'runs', 'failed', 'tools', 'CPU'],
        figures.users.map((one) => [
          one.user,
          String(one.total),
          String(one.failures),
          one.tools.join(', '),
          time(one.cpuMs),
        ]),
      ),
    );
  };
  const show = (open: boolean): void => {
    main.hidden = !open;
    door.hidden = open;
  };
  const say = (text: string, bad: boolean): void => {
    state.className = bad ? 'bad' : '';
    if (state.textContent !== text) state.textContent = text;
  };
  const forget = (why: string): void => {
    key = '';
    sessionStorage.removeItem(KEPT);
    find('wrong').textContent = why;
    say('not connected', false);
    show(false);
    find('key').focus();
  };
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    if (key === '') return show(false);
    const minutes = find<HTMLSelectElement>('window').value;
    try {
      const response = await fetch(`/v1/metrics?windowMinutes=${minutes}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      if (response.status === 401 || response.status === 403)
        return forget('The server does not know this key, or it is the key of a caller');
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      draw((await response.json()) as DashboardFigures);
      sessionStorage.setItem(KEPT, key);
      show(true);
      say(`live, every ${EVERY_MS / 1_000} s`, false);
    } catch (error) {
      say(`no figures: ${error instanceof Error ? error.message : String(error)}`, true);
    }
    timer = setTimeout(() => void look(), EVERY_MS);
  };

  door.addEventListener('submit', (event) => {
    event.preventDefault();
    key = find<HTMLInputElement>('key').value.trim();
    find<HTMLInputElement>('key').value = '';
    find('wrong').textContent = '';
    void look();
  });
  find('window').addEventListener('change', () => void look());
  find('leave').addEventListener('click', () => forget(''));
  void look();
}

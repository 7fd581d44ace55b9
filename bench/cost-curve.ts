// The cost of each part of a long answer as a plot, from what screen.ts has measured.

/** One measured mode. */
export interface Cost {
  /** Plain writes, the screen, or the screen with Ink drawing on the terminal itself. */
  readonly mode: 'plain' | 'screen' | 'ink';
  readonly tokens: number;
  /** Microseconds of CPU a token, for equal parts of the answer. */
  readonly parts: readonly number[];
  readonly bytes: number;
  readonly clears: number;
  readonly rssMB: number;
  /** Milliseconds from keys to their echo, sorted. */
  readonly echo: readonly number[];
}

const WIDTH = 720;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 130;
const TOP = 36;
const BOTTOM = 44;

const LINES: Readonly<Record<Cost['mode'], {readonly color: string; readonly name: string}>> = {
  plain: {color: '#6b7280', name: 'stdout.write'},
  screen: {color: '#2563eb', name: 'chat screen'},
  ink: {color: '#dc2626', name: 'Ink alone'},
};

/** An SVG with one line a mode: tokens to the right, microseconds of CPU a token upwards. */
export function costCurve(costs: readonly Cost[]): string {
  const tokens = Math.max(...costs.map((cost) => cost.tokens));
  const top = ceiling(Math.max(...costs.flatMap((cost) => cost.parts)));
  const x = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share * top)}" y2="${y(share * top)}" stroke="#d1d5db"/>`,
    label(LEFT - 8, y(share * top) + 4, String(share * top), 'end'),
    label(x(share), HEIGHT - BOTTOM + 18, (share * tokens).toLocaleString('en-US'), 'middle'),
  ]);
  let free = Number.POSITIVE_INFINITY;
  const fromBelow = [...costs].sort((a, b) => mean(a.parts) - mean(b.parts));
  const lines = fromBelow.flatMap(({mode, parts}) => {
    const {color, name} = LINES[mode];
    const points = parts.map((value, index) => `${x((index + 0.5) / parts.length).toFixed(1)},${y(value).toFixed(1)}`);
    const end = mean(parts.slice(-5));
    // Two lines may end side by side; their names stand below each other.
    const row = Math.min(y(end) + 4, free);
    free = row - 14;
    return [
      `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
      label(WIDTH - RIGHT + 8, row, `${name}, ${mean(parts).toFixed(0)}`, 'start', color),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    label(LEFT, 20, 'Microseconds of CPU a token, over one answer, with the mean', 'start', '#111827'),
    ...grid,
    ...lines,
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, 'tokens', 'middle'),
    '</svg>\n',
  ].join('\n');
}

function mean(list: readonly number[]): number {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}

/** The next multiple of 200. */
function ceiling(value: number): number {
  return 200 * Math.ceil(value / 200);
}

function label(x: number, y: number, text: string, anchor: string, color = '#374151'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${color}">${text}</text>`;
}

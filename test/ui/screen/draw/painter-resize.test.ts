// The painter on a terminal emulator whose window changes: whatever happened before, what stands there at the end is
// the scrollback and the live rows, each once.
import xterm from '@xterm/headless';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {graphemes, width} from '../../../../src/base/cells/graphemes.ts';
import {Painter} from '../../../../src/ui/screen/draw/painter.ts';
import {rowsOf} from '../../../fakes/rows.ts';

type Step =
  | {readonly type: 'draw'; readonly finished: readonly string[]; readonly live: readonly string[]}
  | {readonly type: 'resize'; readonly columns: number; readonly rows: number};

const cells = fc.string({unit: fc.constantFrom('a', 'b', ' ', '日', '語'), minLength: 1, maxLength: 60});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('draw' as const),
    finished: fc.array(cells, {maxLength: 3}),
    live: fc.array(cells, {minLength: 1, maxLength: 4}),
  }),
  fc.record({
    type: fc.constant('resize' as const),
    columns: fc.integer({min: 10, max: 70}),
    rows: fc.integer({min: 50, max: 60}),
  }),
);

/** The start of a row that fits, as everything above the painter cuts its rows; `mark` tells the rows apart. */
function fitted(text: string, mark: string, columns: number): string {
  let row = mark;
  for (const cluster of graphemes(text)) if (width(row) + width(cluster) < columns - 1) row += cluster;
  return row.trimEnd();
}

/** All that was written, with the rows joined that the terminal has wrapped. */
function lines({buffer: {active}}: xterm.Terminal): string[] {
  const found: string[] = [];
  for (let index = 0; index < active.length; index += 1) {
    const line = active.getLine(index);
    const text = line?.translateToString(true) ?? '';
    if (line?.isWrapped) found[found.length - 1] += text;
    else found.push(text);
  }
  while (found.at(-1) === '') found.pop();
  return found;
}

test('any sequence of frames and window sizes leaves every row once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, {maxLength: 12}), async (steps) => {
      const terminal = new xterm.Terminal({cols: 40, rows: 50, scrollback: 1000, allowProposedApi: true});
      const written: Promise<void>[] = [];
      const painter = new Painter((text) => {
        written.push(new Promise((resolve) => terminal.write(text, resolve)));
      });
      const said: string[] = [];
      let count = 0;
      let live: readonly string[] = [];
      const draw = (finished: readonly string[], rows: readonly string[]) => {
        count += 1;
        const cut = (text: string, index: number, kind: string) =>
          fitted(text, `${kind}${count}.${index} `, terminal.cols);
        const done = finished.map((text, index) => cut(text, index, 'f'));
        live = rows.map((text, index) => cut(text, index, 'l'));
        said.push(...done);
        painter.draw(rowsOf(...done), rowsOf(...live), {
          row: live.length - 1,
          column: Math.min(2, width(live.at(-1) ?? '')),
        });
      };
      for (const one of [...steps, {type: 'draw', finished: [], live: ['the', 'end']} as const]) {
        if (one.type === 'draw') draw(one.finished, one.live);
        await Promise.all(written);
        if (one.type === 'draw' || one.columns === terminal.cols) continue;
        terminal.resize(one.columns, one.rows);
        painter.resized(one.columns, true);
        await Promise.all(written);
      }
      expect(lines(terminal)).toEqual([...said, ...live]);
      terminal.dispose();
    }),
    {
      numRuns: 200,
      // A wide character that does not fit begins the next row, so the row takes one more than its cells say.
      examples: [
        [
          [
            {type: 'draw', finished: [], live: ['a語語日a日a語語日', 'a']},
            {type: 'resize', columns: 11, rows: 50},
          ],
        ],
      ],
    },
  );
});

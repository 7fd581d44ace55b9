// The screen's components and their layout by Ink. Ink draws into memory; the painter puts its rows on the terminal.

import {PassThrough} from 'node:stream';
import {shorten, width, withoutStyles} from '../../../base/cells/graphemes.ts';
import {Box, render, Text} from '../../ink.ts';
import {combine, paint, type Row, type Theme} from '../../markdown/style.ts';
import type {Frame, Panel} from './frame.ts';
import type {Layout} from './live-region.ts';

/** Begins a stand-in: private-use characters, one cell each by every table, are in no text that Ink gets. */
const FIRST = 0xe000;
const FILL = '\uf8ff';
const STAND_IN = /([\ue000-\uf8fe])\uf8ff*/g;

/**
 * Ink counts cells by a table of its own, which is not the terminal's. So it places stand-ins of as many narrow characters
 * as a text has cells, and the texts are put in their places afterwards.
 */
class StandIns {
  readonly #rows: Row[] = [];

  /** What Ink gets in place of `row`, which is cut to `room` cells. */
  of(row: Row, room: number): string {
    // Rows are composed to fit; this holds for what a model or a file could still bring.
    const fitting = width(row) <= room ? row : paint(shorten(withoutStyles(row), room), '');
    const cells = width(fitting);
    if (cells === 0) return ' ';
    this.#rows.push(fitting);
    return String.fromCharCode(FIRST + this.#rows.length - 1) + FILL.repeat(cells - 1);
  }

  /** A row of Ink's with the texts where their stand-ins were. */
  resolve(row: string): Row {
    return row.replaceAll(STAND_IN, (_, mark: string) => this.#rows[mark.charCodeAt(0) - FIRST] ?? '').trimEnd() as Row;
  }
}

interface RowsProps {
  readonly rows: readonly Row[];
  readonly room: number;
  readonly standIns: StandIns;
}

/** Rows that are composed already: Ink places them. */
function Rows({rows, room, standIns}: RowsProps) {
  return rows.map((row, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place, it has no other name
    <Text key={index} wrap="truncate">
      {standIns.of(row, room)}
    </Text>
  ));
}

interface ChoiceProps {
  readonly item: Panel['items'][number];
  readonly widest: number;
  readonly room: number;
  readonly selected: boolean;
  readonly theme: Theme;
  readonly standIns: StandIns;
}

/** One choice: what it is called, and what it means in the column beside it. */
function Choice({item, widest, room, selected, theme, standIns}: ChoiceProps) {
  const style = selected ? combine(theme.strong, theme.accent) : '';
  const label = paint(shorten(`${selected ? '> ' : '  '}${item.label}`, widest + 2), style);
  const beside = Math.max(1, room - widest - 4);
  const detail = paint(shorten(item.detail, beside), theme.dim);
  return (
    <Box>
      <Box width={widest + 4} flexShrink={0}>
        <Text wrap="truncate">{standIns.of(label, room)}</Text>
      </Box>
      <Text wrap="truncate">{standIns.of(detail, beside)}</Text>
    </Box>
  );
}

interface ChoicesProps {
  readonly panel: Panel;
  readonly columns: number;
  readonly theme: Theme;
  readonly standIns: StandIns;
}

function Choices({panel, columns, theme, standIns}: ChoicesProps) {
  const room = columns - 1;
  const most = panel.items.every(({detail}) => detail === '') ? room - 2 : Math.floor(columns / 2);
  const widest = Math.min(Math.max(...panel.items.map((item) => width(item.label))), most);
  const title = panel.title === undefined ? undefined : paint(shorten(panel.title, room), theme.strong);
  const shared = {widest, room, theme, standIns};
  return (
    <Box flexDirection="column">
      {title !== undefined && <Text wrap="truncate">{standIns.of(title, room)}</Text>}
      {panel.items.map((item, index) => (
        <Choice key={item.label} item={item} selected={index === panel.selected} {...shared} />
      ))}
      {panel.count !== undefined && <Text wrap="truncate">{standIns.of(panel.count, room)}</Text>}
    </Box>
  );
}

function Screen({frame, theme, standIns}: {frame: Frame; theme: Theme; standIns: StandIns}) {
  const room = frame.columns - 1;
  const shared = {room, standIns};
  return (
    <Box flexDirection="column" width={room}>
      <Rows rows={frame.tail} {...shared} />
      {frame.status !== undefined && <Rows rows={[frame.status]} {...shared} />}
      <Rows rows={frame.prompt} {...shared} />
      {frame.panel !== undefined && (
        <Choices panel={frame.panel} columns={frame.columns} theme={theme} standIns={standIns} />
      )}
    </Box>
  );
}

/** A layout by Ink, with the function that ends it. */
export interface InkLayout {
  readonly layout: Layout;
  unmount(): void;
}

/**
 * Starts Ink on streams of its own. Ink 6 erases and rewrites all its rows on every frame, leaves copies of them behind
 * after a resize and loses keys; as a layout engine behind the painter it does none of this.
 */
export function createInkLayout(theme: Theme): InkLayout {
  let output = '';
  const stdout = Object.assign(new PassThrough(), {columns: 80, rows: 24});
  stdout.write = (text: unknown) => {
    output = String(text);
    return true;
  };
  const streams = {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
  };
  const blank = <Text> </Text>;
  const instance = render(blank, {...streams, debug: true, exitOnCtrlC: false, patchConsole: false});
  return {
    layout: (frame) => {
      stdout.columns = frame.columns;
      const standIns = new StandIns();
      instance.rerender(<Screen frame={frame} theme={theme} standIns={standIns} />);
      // Ink has put rows beside and below each other, and written nothing of its own.
      return output.split('\n').map((row) => standIns.resolve(row));
    },
    unmount: () => instance.unmount(),
  };
}

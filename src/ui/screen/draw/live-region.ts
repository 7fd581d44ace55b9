// How a frame becomes rows: composed by hand while an answer streams, laid out by Ink at all other times.
import type {Row} from '../../markdown/style.ts';
import type {Frame} from './frame.ts';
import type {Painter} from './painter.ts';

/** Turns a frame into terminal rows, each narrower than the terminal. */
export type Layout = (frame: Frame) => readonly Row[];

/** The live rows of the screen and the way into the scrollback above them. */
export interface LiveRegion {
  /** Puts finished rows into the scrollback and shows the frame below them. */
  show(finished: readonly Row[], frame: Frame): void;
}

/** A region that draws what `layout` composes. */
export function liveRegion(painter: Painter, layout: Layout): LiveRegion {
  return {
    show(finished, frame) {
      const above = frame.tail.length + (frame.status === undefined ? 0 : 1);
      painter.draw(finished, layout(frame), {...frame.caret, row: above + frame.caret.row});
    },
  };
}

/**
 * The order of rows, here and in Ink's layout: nothing that can wrap stands below the cursor, because xterm.js (and so
 * VS Code) moves the cursor too far when rows below it are wrapped by a resize.
 * This is the layout without Ink, for frames without a panel: a few strings put below each other.
 */
export function plainLayout(frame: Frame): readonly Row[] {
  const panel = frame.panel?.items.map((item) => item.label) ?? [];
  return [...frame.tail, ...(frame.status === undefined ? [] : [frame.status]), ...frame.prompt, ...panel];
}

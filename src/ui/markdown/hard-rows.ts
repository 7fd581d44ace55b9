// A line as a terminal wraps it: rows of exactly its columns. While the line grows, what was laid out is not laid out again.
import {graphemes, width} from '../../base/cells/graphemes.ts';
import {paint, type Row} from './style.ts';

export class HardRows {
  #columns = 0;
  #text = '';
  /** Units of the text that are laid out: all but its last cluster, which may still grow. */
  #settled = 0;
  #rows: Row[] = [];
  #row = '';
  #used = 0;

  /** The rows of `text`. It may go on from the text of the last call, or be another one. */
  rows(text: string, columns: number): Row[] {
    if (columns !== this.#columns || !text.startsWith(this.#text)) {
      this.#rows = [];
      this.#settled = 0;
      this.#row = '';
      this.#used = 0;
    }
    this.#text = text;
    this.#columns = columns;
    const clusters = graphemes(text.slice(this.#settled));
    const last = clusters.pop() ?? '';
    for (const cluster of clusters) {
      this.#add(cluster);
      this.#settled += cluster.length;
    }
    const row = this.#row;
    if (row !== '' && this.#used + width(last) > columns) return [...this.#rows, paint(row, ''), paint(last, '')];
    return [...this.#rows, paint(row + last, '')];
  }

  #add(cluster: string): void {
    const cells = width(cluster);
    if (this.#row !== '' && this.#used + cells > this.#columns) {
      this.#rows.push(paint(this.#row, ''));
      this.#row = '';
      this.#used = 0;
    }
    this.#row += cluster;
    this.#used += cells;
  }
}

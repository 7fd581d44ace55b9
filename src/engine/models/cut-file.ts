// Pieces of a file that was cut to be uploaded or copied: no parts of a split model, which llama.cpp opens as they are.
import {EngineError} from '../../base/errors.ts';

export interface CutFile {
  /** What the pieces have in front of what counts them. */
  readonly whole: string;
  /** A shell's pattern for all of them. */
  readonly pieces: string;
  /** As words that follow "is". */
  readonly which: string;
}

/** Recognised by the name: `x.gguf.part1of3`, `x.gguf-split-a`, `x.gguf.00`, `x.gguf.part01`. */
export function cutFile(name: string): CutFile | undefined {
  const counted = /^(.*\.gguf)\.part-?(\d+)of(\d+)$/i.exec(name);
  if (counted !== null) {
    const [, whole = '', part = '', count = ''] = counted;
    return {
      whole,
      pieces: name.replace(/\d+(?=of\d+$)/, '?'.repeat(part.length)),
      which: `part ${Number(part)} of ${Number(count)} of a cut file`,
    };
  }
  const [, whole, mark, place] = /^(.*\.gguf)(-split-|\.part-?|\.)([a-z]{1,2}|\d{1,3})$/i.exec(name) ?? [];
  if (whole === undefined || mark === undefined || place === undefined) return undefined;
  return {whole, pieces: `${whole}${mark}${'?'.repeat(place.length)}`, which: `a piece ("${place}") of a cut file`};
}

export function joinCut({whole, pieces}: CutFile): string {
  return `Join the pieces: cat ${pieces} > ${whole}`;
}

export function cutFileError(path: string, cut: CutFile): EngineError {
  return new EngineError('model_invalid', `${path} is ${cut.which}`, {hint: joinCut(cut)});
}

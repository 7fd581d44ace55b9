// Rows for tests of what draws them: their text is given as it is, styles included.
import type {Row} from '../../src/ui/markdown/style.ts';

/** Each text as a row. */
export const rowsOf = (...texts: readonly string[]): Row[] => texts as Row[];

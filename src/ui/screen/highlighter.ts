// Code colours by lowlight, loaded after the first frame; until then, and for other languages, code is plain.
import type {Highlight} from '../markdown/code-block.ts';
import {joinRows, paint, type Row, type Theme} from '../markdown/style.ts';

export interface Highlighter {
  readonly highlight: Highlight;
  load(): Promise<void>;
}

/** The part of lowlight's tree that is read here. */
interface Node {
  readonly type: string;
  readonly value?: string;
  readonly properties?: {readonly className?: unknown};
  readonly children?: readonly Node[];
}

/** A line longer than this is printed plain: patterns can take long on generated code. */
const LINE_LIMIT = 400;

/** Colours line by line, so that a line is final when it ends. */
export function createHighlighter(theme: Theme): Highlighter {
  let tree: ((language: string, line: string) => Node | undefined) | undefined;
  return {
    highlight: (line, language) => {
      if (tree === undefined || line.length > LINE_LIMIT) return undefined;
      const root = tree(language.toLowerCase(), line);
      return root === undefined ? undefined : paintNode(root, '', theme);
    },
    load: async () => {
      const {common, createLowlight} = await import('lowlight');
      const lowlight = createLowlight(common);
      tree = (language, line) => (lowlight.registered(language) ? lowlight.highlight(language, line) : undefined);
    },
  };
}

function paintNode(node: Node, style: string, theme: Theme): Row {
  if (node.type === 'text') return paint(node.value ?? '', style);
  const names = Array.isArray(node.properties?.className) ? node.properties.className.map(String) : [];
  const scope = names.find((name) => name.startsWith('hljs-'))?.slice('hljs-'.length);
  const look = (scope === undefined ? '' : theme.token(scope)) || style;
  return joinRows((node.children ?? []).map((child) => paintNode(child, look, theme)));
}

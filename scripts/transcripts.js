// The transcripts of a page: which commands it shows, what they print, and whether that is what they print today.

/**
 * @typedef {{command: string, line: number, printed: string[]}} Shown a command as a page shows it, and the lines below it
 * @typedef {{kind: 'transcript' | 'server' | 'lines', commands: Shown[]}
 *   | {kind: 'file', name: string, text: string}
 *   | {kind: 'folder', name: string}
 *   | {kind: 'setup', command: string}
 *   | {kind: 'not run', line: number, why: string}} Step what is done with a block of a page, in order
 */

const MARK = /^<!-- docs:check: (.+) -->$/;
/** A line of its own in a transcript: whatever is printed here. */
const ANYTHING = '…';

/**
 * The steps of a page. Blocks fenced as `console` are transcripts and are run. A comment `<!-- docs:check: WHAT -->` in
 * front of a block says otherwise: `not run, WHY`; `file NAME`, which puts the block into a file; `server`, which runs its
 * command in the background until the end of the page; `lines`, which runs each line of a `sh` block and only looks
 * whether it ends well. `setup COMMAND` and `folder NAME`, which makes a tiny folder of weights in Mistral's format, need no block.
 *
 * @param {string} page Markdown
 * @returns {Step[]}
 * @throws {Error} with the line, for a mark that is none of these or has no block
 */
export function stepsOf(page) {
  const steps = [];
  const lines = page.split('\n');
  let mark;
  for (let at = 0; at < lines.length; at += 1) {
    const [, said] = MARK.exec(lines[at]) ?? [];
    if (said?.startsWith('setup ')) steps.push({kind: 'setup', command: said.slice(6)});
    else if (said?.startsWith('folder ')) steps.push({kind: 'folder', name: said.slice(7)});
    else if (said !== undefined) {
      if (!/^(not run, .|file .|server$|lines$)/.test(said)) throw new Error(`line ${at + 1}: no such mark: ${said}`);
      mark = said;
    }
    const [, language] = /^```(\w*)/.exec(lines[at]) ?? [];
    if (language === undefined) {
      const blank = lines[at] === '' || said !== undefined;
      if (mark !== undefined && !blank) throw new Error(`line ${at + 1}: the mark in front of it has no block`);
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    const step = stepOf(mark, language, lines.slice(at + 1, end), at + 1);
    if (step !== undefined) steps.push(step);
    mark = undefined;
    at = end;
  }
  return steps;
}

function stepOf(mark, language, block, start) {
  if (mark?.startsWith('not run, ')) return {kind: 'not run', line: start, why: mark.slice(9)};
  if (mark?.startsWith('file ')) return {kind: 'file', name: mark.slice(5), text: `${block.join('\n')}\n`};
  if (mark === 'lines') {
    const commands = block.map((command, at) => ({command, line: start + at + 1, printed: []}));
    return {kind: 'lines', commands: commands.filter(({command}) => command !== '' && !command.startsWith('#'))};
  }
  if (language !== 'console') return undefined;
  return {kind: mark === 'server' ? 'server' : 'transcript', commands: shownIn(block, start)};
}

/** The commands of a transcript: a line behind `$ `, with those it goes on in by a backslash, and what stands below it. */
function shownIn(block, start) {
  const commands = [];
  let open = false;
  for (const [at, line] of block.entries()) {
    if (open) commands.at(-1).command += `\n${line}`;
    else if (line.startsWith('$ ')) commands.push({command: line.slice(2), line: start + at + 1, printed: []});
    else if (commands.length === 0) throw new Error(`line ${start + at + 1}: a transcript begins with '$ '`);
    else commands.at(-1).printed.push(line);
    open = (open || line.startsWith('$ ')) && line.endsWith('\\');
  }
  return commands;
}

/** What differs from run to run: times, rates, ids. The port is the one that the page names. */
const VARIES = [
  [/\b\d+(\.\d+)? (ms|s|tok\/s|MB\/s)\b/g, 'N $2'],
  [/"id": ?"[A-Za-z0-9]{9}"/g, '"id": "#########"'],
  [/"((?:chatcmpl|cmpl|msg|resp|call)[-_])[\w-]+"/g, '"$1#"'],
  [/"(created|created_at)": ?("[^"]*"|\d+)/g, '"$1": #'],
  [/\b\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?Z?)?)?/g, '####-##-##'],
];

/** @param {string} line */
export const constant = (line) => VARIES.reduce((text, [pattern, by]) => text.replaceAll(pattern, by), line.trimEnd());

/**
 * Whether lines are what a page shows; a line `…` of the page stands for any number of lines.
 *
 * @param {readonly string[]} shown
 * @param {readonly string[]} printed
 * @returns {boolean}
 */
export function agrees(shown, printed) {
  const [first, ...rest] = shown;
  if (first === undefined) return printed.length === 0;
  if (first === ANYTHING) return printed.some((_, at) => agrees(rest, printed.slice(at))) || agrees(rest, []);
  return printed.length > 0 && constant(first) === constant(printed[0]) && agrees(rest, printed.slice(1));
}

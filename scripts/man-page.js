// A man page made of the text that --help prints: its headings are sections, its columns are tagged paragraphs.

/** Text of roff: backslashes, hyphens that are typed, and what would be a request at the start of a line. */
const roff = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');

/**
 * @param {{name: string, summary: string, help: string, seeAlso: readonly string[], version: string}} page `help` is what
 *   the command prints: a usage line, a description, and blocks under headings that end in a colon
 * @returns {string} roff with the macros of man(7)
 */
export function manPage({name, summary, help, seeAlso, version}) {
  const [usage = '', ...rest] = help.trim().split(/\n(?! {2,}\S)/);
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "mistral\\-chat ${version}"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(summary)}`,
    '.SH SYNOPSIS',
    roff(usage.replace(/^Usage: /, '').replaceAll(/\s+/g, ' ')),
    '.SH DESCRIPTION',
    ...rest.join('\n').split('\n').flatMap(section()),
    '.SH SEE ALSO',
    seeAlso.map((other) => `${roff(other)}(1)`).join(', '),
  ];
  return `${lines.join('\n')}\n`
    .replaceAll(/\n+\.fi/g, '\n.fi')
    .replaceAll(/(\.PP\n)+(?=\.SH|\.fi|\.PP)/g, '')
    .replaceAll('.SH DESCRIPTION\n.PP\n', '.SH DESCRIPTION\n');
}

/** Turns the lines of a help into roff, one after the other; under "Examples:" they stay as they are. */
function section() {
  let verbatim = false;
  let inList = false;
  return (line) => {
    const [, heading] = /^(\S.*):$/.exec(line) ?? [];
    if (heading !== undefined) {
      const before = verbatim ? ['.fi'] : [];
      verbatim = heading === 'Examples';
      inList = false;
      return [...before, `.SH ${roff(heading.toUpperCase())}`, ...(verbatim ? ['.nf'] : [])];
    }
    if (verbatim && /^\S/.test(line)) {
      verbatim = false;
      return ['.fi', '.PP', roff(line)];
    }
    if (verbatim) return [roff(line.trim())];
    if (line === '') {
      inList = false;
      return ['.PP'];
    }
    const [, term, text = ''] = /^ {2}(\S.*?)(?: {2,}(\S.*))?$/.exec(line) ?? [];
    if (term !== undefined) {
      inList = true;
      return ['.TP', `\\fB${roff(term)}\\fR`, ...(text === '' ? [] : [roff(text)])];
    }
    return [roff(inList ? line.trim() : line)];
  };
}

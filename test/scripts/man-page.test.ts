// A man page has what --help prints: nothing of a help is lost, and nothing of it becomes a request of roff.
import {pathToFileURL} from 'node:url';
import {expect, test} from 'vitest';

interface ManPage {
  manPage(page: {name: string; summary: string; help: string; seeAlso: string[]; version: string}): string;
}
const {manPage} = (await import(pathToFileURL('scripts/man-page.js').href)) as ManPage;

const HELP = `Usage: mistral fim [options]
                   [model]

Fill in the middle.

Options:
  --prefix <text>  text before; - is
                   stdin
  -h, --help       print this help

Examples:
  mistral fim --prefix 'a\\nb'
  'x'

.so /etc/passwd
Two lines
of text.
`;

test('headings are sections, columns tagged paragraphs, examples stay as they are', () => {
  const page = manPage({name: 'mistral-fim', summary: 'fill in', help: HELP, seeAlso: ['mistral'], version: '1.2.3'});
  expect(page).toBe(`.TH MISTRAL-FIM 1 "" "mistral\\-chat 1.2.3"
.SH NAME
mistral\\-fim \\- fill in
.SH SYNOPSIS
mistral fim [options] [model]
.SH DESCRIPTION
Fill in the middle.
.SH OPTIONS
.TP
\\fB\\-\\-prefix <text>\\fR
text before; \\- is
stdin
.TP
\\fB\\-h, \\-\\-help\\fR
print this help
.SH EXAMPLES
.nf
mistral fim \\-\\-prefix 'a\\enb'
\\&'x'
.fi
.PP
\\&.so /etc/passwd
Two lines
of text.
.SH SEE ALSO
mistral(1)
`);
});

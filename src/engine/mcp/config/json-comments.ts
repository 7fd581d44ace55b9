// JSON as editors write their settings: with comments, and commas before closing brackets.

/** The same text as plain JSON: comments and such commas are blanks, so that places in it stay what they are. */
export function withoutComments(text: string): string {
  const plain = text
    .replace(/^\uFEFF/, ' ')
    // A string is taken as it is, whatever stands in it.
    .replace(/"(?:[^"\\]|\\[\s\S])*"|\/\/[^\n\r]*|\/\*[\s\S]*?\*\//g, (part) =>
      part.startsWith('"') ? part : part.replace(/[^\n\r]/g, ' '),
    );
  return plain.replace(/"(?:[^"\\]|\\[\s\S])*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? ' ' : part));
}

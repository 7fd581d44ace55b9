// docs/design/mistral-common-releases.md: what changed between releases of mistral-common, as tables that are written by a script.
import {createHash} from 'node:crypto';

/** The release that the templates of this tree were proved against. */
export const PROVED_RELEASE = '1.13.1';

/** What an encoding came to. */
export type Outcome = {readonly tokens: readonly number[]} | {readonly error: string};

const CHANGES = ['other ids', 'refused now', 'encoded now', 'other class'] as const;
type Change = (typeof CHANGES)[number];

/** One request of the goldens, asked of two releases. */
export interface Asked {
  readonly family: string;
  readonly name: string;
  readonly vocabulary: string;
  readonly before: Outcome;
  readonly after: Outcome;
}

/** How the later release answers otherwise; undefined where both answer alike. */
export function changeOf({before, after}: Pick<Asked, 'before' | 'after'>): Change | undefined {
  if (JSON.stringify(before) === JSON.stringify(after)) return undefined;
  if ('tokens' in before) return 'tokens' in after ? 'other ids' : 'refused now';
  return 'tokens' in after ? 'encoded now' : 'other class';
}

/** Whether release `a` ("1.12.0") came before `b`, number by number. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((release) => release.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < 4; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The requests that a table was made of, in one word that changes with any of them. */
export const fingerprintOf = (goldens: string): string =>
  createHash('sha256').update(goldens).digest('hex').slice(0, 16);

/** The table of two releases as a section of the page: a row for each family of requests, then the changes by name. */
export function sectionOf(older: string, newer: string, fingerprint: string, asked: readonly Asked[]): string {
  const changed = asked.flatMap((one) => {
    const change = changeOf(one);
    return change === undefined ? [] : [{...one, change}];
  });
  const families = [...new Set(changed.map(({family}) => family))];
  const rows = families.map((family) => {
    const counts = CHANGES.map((kind) => changed.filter((one) => one.family === family && one.change === kind).length);
    return `| ${family} | ${asked.filter((one) => one.family === family).length} | ${counts.join(' | ')} |`;
  });
  const reasons = new Map<string, number>();
  for (const {before, after} of changed) {
    const words = `${inWords(before)} → ${inWords(after)}`;
    reasons.set(words, (reasons.get(words) ?? 0) + 1);
  }
  const byNumber = [...reasons].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return [
    `## ${older} → ${newer}`,
    '',
    `${asked.length} requests of \`test/goldens/requests-1.13.1.json\` (${fingerprint}), of which ${changed.length} are answered otherwise.`,
    '',
    `| family | requests | ${CHANGES.join(' | ')} |`,
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    `| answer of ${older} → ${newer} | requests |`,
    '|---|---|',
    ...byNumber.map(([words, count]) => `| ${words} | ${count} |`),
    '',
  ].join('\n');
}

const inWords = (outcome: Outcome) => ('tokens' in outcome ? 'ids' : `\`${outcome.error}\``);

const HEADING = /^## (\S+) → (\S+)$/m;

/** The page with this section in place of the one of the same releases, else before all others. */
export function withSection(page: string, section: string): string {
  const [head = '', ...sections] = page.split(/^(?=## )/m);
  const heading = HEADING.exec(section)?.[0];
  const at = sections.findIndex((one) => HEADING.exec(one)?.[0] === heading);
  const all = at < 0 ? [section, ...sections] : sections.with(at, section);
  return `${[head, ...all].map((part) => part.trimEnd()).join('\n\n')}\n`;
}

/**
 * Why the page does not belong to this tree: no table leads to the proved release, or one that does was made of other
 * requests than today's. Undefined when it does.
 */
export function staleness(page: string, proved: string, fingerprint: string): string | undefined {
  const sections = page.split(/^(?=## )/m).filter((section) => HEADING.exec(section)?.[2] === proved);
  const again = 'run "npm run docs:changes" with MISTRAL_COMMON_PYTHON set to a Python that has the release before it';
  if (sections.length === 0) return `no table leads to ${proved}: ${again}`;
  const other = sections.find((section) => !section.includes(`(${fingerprint})`));
  if (other === undefined) return undefined;
  return `the table ${HEADING.exec(other)?.[0].slice(3)} was made of other requests than today's: ${again}`;
}

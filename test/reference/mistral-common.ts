// mistral-common of any release, asked line by line: MISTRAL_COMMON_PYTHON names a Python that has it.
import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import {dumpsJson, type Json, type JsonObject} from '../../src/base/json.ts';
import {encodeInput} from '../../src/commands/tokenize/tokenize-input.ts';
import {Refusal} from '../../src/engine/contract/refusal.ts';
import type {TemplateVersion} from '../../src/engine/contract/requests.ts';
import {type LoadedTokenizer, loadTokenizer} from '../../src/engine/template/load-tokenizer.ts';
import {PromptWriter} from '../../src/engine/template/prompt-writer.ts';
import {toyTekken} from '../fakes/toy-tokenizer.ts';
import type {Outcome} from './release-changes.ts';

export interface Question {
  readonly kind: 'chat' | 'fim';
  readonly request: Json;
  /** Tokens the prompt may have. */
  readonly max?: number | undefined;
}

/** A vocabulary that both sides read, as one version. */
export interface Vocabulary {
  readonly name: string;
  readonly loaded: LoadedTokenizer;
  readonly file: string;
  /** Set where mistral-common's loader would take the file for another version. */
  readonly as?: TemplateVersion;
}

const folder = mkdtempSync(join(tmpdir(), 'toy-tekken-'));
process.once('exit', () => rmSync(folder, {recursive: true, force: true}));

/** The toy vocabulary, named by its version and what its file says about model settings: `v3`, `v15-json`. */
export function toyVocabulary(name: string, builder: unknown): Vocabulary {
  const [version] = name.split('-') as [TemplateVersion];
  const isOld = version === 'v1' || version === 'v2';
  const file = join(folder, `tekken-${name}.json`);
  writeFileSync(file, toyTekken(isOld ? 'v3' : version, version === 'v15' ? (builder ?? undefined) : undefined));
  return {name, file, loaded: loadTokenizer(file, isOld ? version : undefined), ...(isOld && {as: version})};
}

/** What this tree makes of it. */
export async function ownOutcome({loaded}: Vocabulary, {kind, request, max}: Question): Promise<Outcome> {
  try {
    return {tokens: await encodeInput(new PromptWriter(loaded), kind === 'fim' ? 'fim' : 'request', request, max)};
  } catch (error) {
    if (error instanceof Refusal) return {error: error.refusal};
    throw error;
  }
}

export class MistralCommon {
  readonly version: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, null>,
    lines: AsyncIterator<string>,
    version: string,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  /** Undefined when no Python is named. @throws Error when the one named has no mistral-common. */
  static async open(): Promise<MistralCommon | undefined> {
    const python = process.env.MISTRAL_COMMON_PYTHON;
    if (!python) return undefined;
    const oracle = fileURLToPath(new URL('oracle.py', import.meta.url));
    const child = spawn(python, ['-W', 'ignore', oracle], {stdio: ['pipe', 'pipe', 'inherit']});
    const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error(`${python} does not run test/reference/oracle.py: has it mistral-common?`);
    return new MistralCommon(child, lines, (JSON.parse(first.value) as {version: string}).version);
  }

  /** The outcome of each question, in order. */
  async ask(questions: readonly (Question & {readonly vocabulary: Vocabulary})[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const {vocabulary, kind, request, max} of questions) {
      const line: JsonObject = new Map<string, Json>([
        ['file', vocabulary.file],
        ...(vocabulary.as ? ([['as', vocabulary.as]] as const) : []),
        ['kind', kind],
        ['request', request],
        ['max', max === undefined ? null : {source: String(max)}],
      ]);
      this.#child.stdin.write(`${dumpsJson(line, {ensureAscii: true})}\n`);
      const answer = await this.#lines.next();
      if (answer.done) throw new Error('test/reference/oracle.py ended');
      outcomes.push(JSON.parse(answer.value) as Outcome);
    }
    return outcomes;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

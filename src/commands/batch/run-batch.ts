// What `mistral batch` does: reads lines as answers get free, asks the routes of the server in this process, writes records.
import {randomInt} from 'node:crypto';
import {type Stats, statSync} from 'node:fs';
import {resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError} from '../../base/files/file-error.ts';
import type {Line} from '../../base/read-lines.ts';
import {untilStopped, within} from '../../base/signals.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {SamplingChoice} from '../../engine/contract/sampling.ts';
import {readAnswerSchema} from '../chat/answer-schema.ts';
import {ByteProgress} from '../host/byte-progress.ts';
import {drained, type Io} from '../host/io.ts';
import {ReportedError, SOME_FAILED} from '../host/report.ts';
import {inputLines} from '../host/text-input.ts';
import {meant} from '../open-model/meant.ts';
import {withBackend} from '../open-model/open-backend.ts';
import {samplingFor} from '../open-model/recommended.ts';
import type {EngineFlags} from '../options.ts';
import {LineAnswers, type LineResult} from './answer-line.ts';
import {inParallel} from './in-parallel.ts';
import {ResultsFile} from './results-file.ts';

export interface BatchFlags extends EngineFlags {
  readonly modelPath?: string;
  readonly model?: string;
  readonly inputFile?: string;
  readonly outputFile?: string;
  readonly parallel: number;
  readonly resume?: true;
  readonly force?: true;
  readonly ordered?: true;
  readonly schema?: string;
  readonly schemaLoose?: true;
}

/** Bytes of a line: what the server takes as the body of a request. */
const LINE_LIMIT = 8 * 2 ** 20;

/** Counts of lines by how they ended. */
interface Counts {
  answered: number;
  cut: number;
  failed: number;
  /** Of those that failed, the lines that are no request. */
  unreadable: number;
  there: number;
}

/**
 * @throws EngineError `usage` for flags and files that do not go together, and what ends all lines; ReportedError with
 * `SOME_FAILED` when some lines have no answer, or with 2 when none is a request.
 */
export async function runBatch(
  io: Io,
  model: string | undefined,
  flags: BatchFlags,
  choice: SamplingChoice,
): Promise<void> {
  const {inputFile = '-', outputFile, resume = false, force = false, ordered = false, parallel} = flags;
  if (outputFile === undefined && (resume || force)) {
    throw new EngineError('usage', `${resume ? '--resume' : '--force'} is about the file of -o, and there is none`);
  }
  const schema = await schemaOf(io, flags);
  const input = checkInput(io, inputFile, outputFile);
  const results =
    outputFile === undefined
      ? undefined
      : await ResultsFile.open({path: resolve(io.cwd, outputFile), name: outputFile}, {resume, force});
  const counts: Counts = {answered: 0, cut: 0, failed: 0, unreadable: 0, there: 0};
  const isRemote = meant(io, model, flags).kind === 'url';
  const {seed, ...asked} = choice.asked;
  const forAll = {schema, maxTokens: asked.maxTokens, seed: seed ?? (isRemote ? undefined : randomInt(2 ** 32))};
  const answerAll = async (backend: Backend) => {
    samplingFor(backend.model, choice, io.say);
    const {appToAsk} = await import('../serve/models/all-servers.ts');
    // Twice as many as are computed: the next prompts are ready when a place in the batch gets free.
    const slots = isRemote ? parallel : 2 * parallel;
    const app = await appToAsk(backend, {slots, sampling: {...choice, asked}, bodyLimit: 2 * LINE_LIMIT});
    await results?.begin();
    const progress = new ByteProgress('batch', io);
    let failure: EngineError | undefined;
    await within({of: [io.stop, results?.lost]}, async (signal, stop) => {
      signal.addEventListener('abort', app.stop);
      const fail = (error: EngineError) => {
        failure ??= error;
        stop(error);
      };
      void app.dead.then(fail);
      const lines = new LineAnswers(app, {...forAll, answered: (key) => results?.answered(key), onFatal: fail});
      let done = 0;
      const write = async ({line, record, end, isUnreadable, size, keepsKey}: LineResult) => {
        done += size;
        if (input) progress.update(Math.min(done, input.size), input.size);
        if (end === 'there') counts.there++;
        // Whoever goes on asks again.
        if (record === undefined || end === 'there' || (end === 'interrupted' && resume)) return;
        if (results) results.append(record, {key: keepsKey ? line.key : undefined, index: line.index});
        else io.printJson(`${record}\n`);
        counts[end === 'interrupted' ? 'failed' : end]++;
        if (isUnreadable) counts.unreadable++;
        await drained(io);
      };
      const source = unblank(inputLines(io, inputFile, LINE_LIMIT));
      try {
        await inParallel(
          untilStopped(source, signal),
          {limit: 2 * parallel, ordered},
          (line) => lines.answer(line),
          write,
        );
        if (results && !signal.aborted) await finish(io, results, lines, ordered, flags.outputFile);
      } catch (error) {
        if (!signal.aborted) throw error;
        if (results?.lost.aborted)
          failure ??= new EngineError('model_busy', 'another process has taken over the output');
      } finally {
        progress.end();
        io.say(summary(counts));
      }
    });
    if (failure) throw failure;
  };
  try {
    await withBackend(io, model, flags, answerAll, {slots: parallel});
  } finally {
    results?.close();
  }
  const {answered, cut, failed, unreadable, there} = counts;
  if (unreadable > 0 && unreadable === answered + cut + failed + there) throw new ReportedError(2);
  if (failed > 0 || (cut > 0 && schema)) throw new ReportedError(SOME_FAILED);
}

async function schemaOf(io: Io, {schema, schemaLoose}: BatchFlags) {
  if (schema !== undefined) return await readAnswerSchema(io, schema, schemaLoose === true);
  if (schemaLoose)
    throw new EngineError('usage', '--schema-loose says how --schema is taken, and there is no --schema');
  return undefined;
}

/**
 * What is known of the input before it is read; undefined for a pipe.
 * @throws EngineError `usage` for one that is not there or is the output too, or for a terminal.
 */
function checkInput(io: Io, input: string, output: string | undefined): Stats | undefined {
  if (input === '-') {
    if (!io.stdin.isTTY) return undefined;
    throw new EngineError('usage', 'no requests: stdin is a terminal', {
      hint: 'Give a file with -i, or pipe lines in.',
    });
  }
  const path = resolve(io.cwd, input);
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new EngineError('usage', `${input} is a folder`, {hint: 'Give -i a file of lines.'});
    const other = output === undefined ? undefined : statSync(resolve(io.cwd, output), {throwIfNoEntry: false});
    if (other && other.ino === stat.ino && other.dev === stat.dev) {
      throw new EngineError('usage', `-i and -o are the same file: ${input}`, {hint: 'Give -o another name.'});
    }
    return stat.isFile() ? stat : undefined;
  } catch (error) {
    throw fileError(error, input, 'read');
  }
}

async function* unblank(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  for await (const line of lines) if (line.problem || line.text.trim() !== '') yield line;
}

async function finish(io: Io, results: ResultsFile, lines: LineAnswers, ordered: boolean, name = ''): Promise<void> {
  await results.finish({ordered});
  const strays = [...results.answeredKeys].filter((key) => !lines.hasSeen(key)).length;
  if (strays > 0) io.say(`note: ${count(strays)} of the records in ${name} are of no line of the input`);
}

const count = (number: number) => number.toLocaleString('en-US');

function summary({answered, failed, cut, there}: Counts): string {
  const before = there > 0 ? `, ${count(there)} answered before` : '';
  return `${count(answered)} answered, ${count(failed)} failed, ${count(cut)} cut${before}`;
}

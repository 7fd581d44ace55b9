// Turns without a screen: one prompt, or each line of stdin; on a terminal with mistral-inference's prompt and rule.

import {EngineError, type ErrorCode} from '../../base/errors.ts';
import type {Json} from '../../base/json.ts';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import {type AnswerFormat, type PlainEvent, RULE, writeAnswer} from '../../ui/plain/write-answer.ts';
import {type Io, writePrompt} from '../host/io.ts';
import {ReportedError, reportError, SOME_FAILED} from '../host/report.ts';
import {stdinLines, stdinTexts, told} from '../host/text-input.ts';

export interface PlainFace {
  readonly io: Io;
  /** Events of the answer to one more turn. */
  readonly send: (text: string, signal: AbortSignal) => AsyncIterable<PlainEvent>;
  readonly model: ModelInfo;
  readonly format: AnswerFormat;
  /** Thoughts go to stderr. */
  readonly showThinking?: boolean;
  /** A screen reader reads along: whole sentences, no rules. */
  readonly screenReader: boolean;
  /** Answers fit this JSON schema: each is one line of JSON, or not on stdout. */
  readonly schema?: Json;
  /** Each line is a conversation of its own. */
  readonly alone?: boolean;
  /** The oldest turns make room for the next: a line that does not fit is too long by itself. */
  readonly makesRoom?: boolean;
  /** Members of each answer's object. */
  readonly told?: object;
}

/**
 * Answers one prompt. Throws the reason of the stop when the program was stopped meanwhile.
 * @throws ReportedError with `SOME_FAILED` for an answer that was cut under a schema.
 */
export async function answerOnce(
  {io, send, model, format, showThinking = false, screenReader, schema, told: members}: PlainFace,
  prompt: string,
): Promise<void> {
  const output = {to: io, sentences: screenReader, thoughts: showThinking, ...(members && {told: members})};
  const events = send(prompt, io.stop);
  if (schema === undefined) {
    await writeAnswer(events, output, format, model);
    io.stop.throwIfAborted();
    return;
  }
  // Not for the first answer of everybody.
  const {jsonOf, writeHeldAnswer} = await import('./answer-schema.ts');
  const isHeld =
    format === 'text'
      ? await writeHeldAnswer(io, events, {schema, model, thoughts: showThinking})
      : jsonOf(await writeAnswer(events, output, format, model), schema) !== undefined;
  io.stop.throwIfAborted();
  if (!isHeld) throw new ReportedError(SOME_FAILED);
}

/** Failures of one line, after which the next one can be answered. The rest is of the engine or of the machine. */
const OF_A_LINE: readonly ErrorCode[] = ['context_length_exceeded', 'invalid_request', 'unsupported', 'backend_failed'];

const FULL_CONVERSATION =
  'The lines of one run are one conversation: --context-policy trim leaves the oldest out, --ctx gives it more room, --no-history keeps none.';

/**
 * Answers every line of stdin that is not blank, until the end of the input. A line that cannot be answered is reported
 * in its place, and the next one is answered.
 * @throws ReportedError at the end, with the exit code of the first such line, or `SOME_FAILED` where each line is a
 * conversation of its own; else what ends all of them.
 */
export async function answerLines(face: PlainFace): Promise<void> {
  if (face.io.stdin.isTTY && face.schema === undefined) return answerTyped(face);
  let exitCode = 0;
  let answered = false;
  for await (const line of stdinLines(face.io)) {
    const where = `line ${line.number} of stdin`;
    try {
      if (line.problem) throw line.problem;
      const text = told(face.io, where, line);
      if (text.trim() === '') continue;
      await answerOnce(face, text);
      answered = true;
    } catch (error) {
      if (error instanceof ReportedError) {
        exitCode ||= error.exitCode;
        continue;
      }
      if (!(error instanceof EngineError) || !OF_A_LINE.includes(error.code)) throw error;
      const hint = error.context && answered && !face.alone && !face.makesRoom ? FULL_CONVERSATION : error.hint;
      const code = await reportError(face.io, error.at(where, hint), face.format !== 'text');
      exitCode ||= face.alone ? SOME_FAILED : code;
    }
  }
  if (exitCode !== 0) throw new ReportedError(exitCode);
}

/** The classic loop: `Prompt: `, the answer, a rule. Ctrl-C stops an answer; at the prompt it leaves, as Ctrl-D does. */
async function answerTyped({
  io,
  send,
  model,
  format,
  showThinking = false,
  screenReader,
  told: members,
}: PlainFace): Promise<void> {
  const output = {to: io, sentences: screenReader, thoughts: showThinking, ...(members && {told: members})};
  writePrompt(io, 'Prompt: ');
  for await (const line of stdinTexts(io)) {
    if (line.trim() !== '') {
      const turn = new AbortController();
      const release = io.captureInterrupt(() => turn.abort());
      const signal = AbortSignal.any([turn.signal, io.stop]);
      await writeAnswer(send(line, signal), output, format, model).finally(release);
      io.stop.throwIfAborted();
      if (format === 'text') io.print(screenReader ? '\n' : `${RULE}\n`);
    }
    writePrompt(io, 'Prompt: ');
  }
  writePrompt(io, '\n');
}

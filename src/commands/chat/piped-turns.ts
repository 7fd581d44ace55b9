// Turns without a screen: one prompt, or each line of stdin; on a terminal with mistral-inference's prompt and rule.
import type {GenerationEvent, ModelInfo} from '../../engine/contract/backend.ts';
import {type AnswerFormat, RULE, writeAnswer} from '../../ui/plain/write-answer.ts';
import {type Io, writePrompt} from '../host/io.ts';
import {stdinLines} from '../host/text-input.ts';

export interface PlainFace {
  readonly io: Io;
  /** Events of the answer to one more turn. */
  readonly send: (text: string, signal: AbortSignal) => AsyncIterable<GenerationEvent>;
  readonly model: ModelInfo;
  readonly format: AnswerFormat;
  /** A screen reader reads along: whole sentences, no rules. */
  readonly screenReader: boolean;
}

/** Answers one prompt. Throws the reason of the stop when the program was stopped meanwhile. */
export async function answerOnce({io, send, model, format, screenReader}: PlainFace, prompt: string): Promise<void> {
  const output = {to: io, sentences: screenReader};
  await writeAnswer(send(prompt, io.stop), output, format, model);
  io.stop.throwIfAborted();
}

/** Answers every line of stdin that is not blank, until the end of the input. */
export async function answerLines(face: PlainFace): Promise<void> {
  if (face.io.stdin.isTTY) return answerTyped(face);
  for await (const line of stdinLines(face.io)) {
    if (line.trim() !== '') await answerOnce(face, line);
  }
}

/** The classic loop: `Prompt: `, the answer, a rule. Ctrl-C stops an answer; at the prompt it leaves, as Ctrl-D does. */
async function answerTyped({io, send, model, format, screenReader}: PlainFace): Promise<void> {
  const output = {to: io, sentences: screenReader};
  writePrompt(io, 'Prompt: ');
  for await (const line of stdinLines(io)) {
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

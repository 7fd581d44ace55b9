// What `mistral exam` does with its cases: ask, judge, count.

import {isJsonObject, type Json} from '../../base/json.ts';
import {labelled, table} from '../../base/text-table.ts';
import type {Backend, GenerationEvent} from '../../engine/contract/backend.ts';
import {type Answer, collectAnswer} from '../../engine/contract/collect-answer.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {readChatRequest, readFimRequest} from '../../engine/wire/read-request.ts';
import type {Io} from '../host/io.ts';
import {type ExamCase, meets} from './exam-file.ts';

/** Every case runs with this: the likeliest token, and no more of them than a short answer needs. */
const SAMPLING: SamplingParams = {temperature: 0, maxTokens: 96};

interface Result {
  readonly id: string;
  readonly kind: string;
  readonly passed: boolean;
  readonly answer: string;
}

/** Asks every case, prints what failed, the score of each kind and of all. */
export async function runExam(io: Io, backend: Backend, cases: readonly ExamCase[], json: boolean): Promise<void> {
  const results: Result[] = [];
  for (const {id, kind, request, expect} of cases) {
    const answer = await collectAnswer(ask(backend, request, io.stop));
    io.stop.throwIfAborted();
    const result = {id, kind, passed: meets(answer, expect), answer: said(answer)};
    results.push(result);
    if (!json && !result.passed) io.show(table([[`failed ${id}: ${JSON.stringify(result.answer)}`]]));
  }
  const passed = results.filter((result) => result.passed).length;
  if (json) io.json({passed, total: results.length, cases: results});
  else io.show(`${byKind(results)}passed ${passed} of ${results.length}\n`);
}

function ask(backend: Backend, request: Json, stop: AbortSignal): AsyncIterable<GenerationEvent> {
  if (!isJsonObject(request) || request.has('messages')) {
    return backend.chat(readChatRequest(request, {sampling: SAMPLING}).request, stop);
  }
  const fim = readFimRequest(request, {sampling: SAMPLING}).request;
  return fim.suffix === undefined ? backend.complete(fim, stop) : backend.fim(fim, stop);
}

function said({content, toolCalls}: Answer): string {
  return [content, ...toolCalls.map(({name, arguments: args}) => `${name}(${args})`)].filter(Boolean).join(' ');
}

function byKind(results: readonly Result[]): string {
  const kinds = new Map<string, [passed: number, total: number]>();
  for (const {kind, passed} of results) {
    const [good, all] = kinds.get(kind) ?? [0, 0];
    kinds.set(kind, [good + (passed ? 1 : 0), all + 1]);
  }
  return labelled(
    [...kinds].map(([kind, [good, all]]) => [kind, `${good} of ${all}`]),
    16,
  );
}

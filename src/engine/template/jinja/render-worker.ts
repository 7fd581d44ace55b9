// The worker thread that runs a template: it has the template's text and what it is to print, and nothing else.
import {type MessagePort, parentPort, workerData} from 'node:worker_threads';
import type {JsonObject} from '../../../base/json.ts';
import {JinjaProgram, TemplateFault, type TemplateFaultKind} from './jinja-program.ts';

export interface RenderStart {
  readonly template: string;
  /** Of the conversation with the thread that waits. */
  readonly port: MessagePort;
  /** One number: how many steps are done. The first is that the thread runs, the second that the template is compiled. */
  readonly steps: SharedArrayBuffer;
}

/** What a rendering came to. */
export type Rendered = {readonly text: string} | {readonly fault: TemplateFaultKind; readonly message: string};

const {template, port, steps} = workerData as RenderStart;
const done = new Int32Array(steps);

function step(): void {
  Atomics.add(done, 0, 1);
  Atomics.notify(done, 0);
}

function attempt<Value>(make: () => Value): Value | {readonly fault: TemplateFaultKind; readonly message: string} {
  try {
    return make();
  } catch (error) {
    const fault = error instanceof TemplateFault ? error : new TemplateFault('failed', String(error));
    return {fault: fault.kind, message: fault.message};
  }
}

step();
const program = attempt(() => new JinjaProgram(template));
step();
parentPort?.postMessage('ready');

port.on('message', (variables: JsonObject) => {
  const rendered: Rendered = 'fault' in program ? program : attempt(() => ({text: program.render(variables)}));
  port.postMessage(rendered);
  step();
});

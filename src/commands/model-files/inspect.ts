// `mistral inspect`: what a model is, can do and needs, without loading it.
import type {Command} from 'commander';
import {labelled} from '../../base/text-table.ts';
import {counted, formatBytes, formatCount} from '../../base/units.ts';
import {SAMPLING} from '../../engine/contract/sampling-table.ts';
import type {Inspection, SourceReport} from '../../engine/inspect/inspect-model.ts';
import {findModel} from '../../engine/models/find-model.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import type {Io} from '../host/io.ts';
import {localModel, whereToLook} from '../open-model/meant.ts';
import {addModelArgument, modelArgument} from '../options.ts';
import {type Inspected, inspectedFile} from './inspect-file.ts';

interface InspectFlags {
  readonly quant?: string;
  readonly json?: true;
  readonly modelPath?: string;
}

const EXAMPLES = `
Examples:
  mistral inspect model-Q4_K_M.gguf
  mistral inspect ~/models/7B --quant Q8_0 --json
  mistral inspect ~/mistral_models/7B-Instruct-v0.3     a folder that is to be converted`;

/** Adds options, examples and the action of `mistral inspect`. */
export function addInspectCommand(command: Command, io: Io): void {
  addModelArgument(command);
  command
    .option('--quant <text>', 'which of several files in a folder')
    .option('--json', 'print one JSON object, sizes in bytes')
    .addHelpText('after', EXAMPLES)
    .action((model?: string) => inspect(io, model, command.opts<InspectFlags>()));
}

async function inspect(io: Io, model: string | undefined, flags: InspectFlags): Promise<void> {
  const {inspection, note} = await look(io, localModel(io, modelArgument(model, flags)), flags);
  if (flags.json) io.json(inspection);
  else io.show(table(inspection, note));
}

/** A file that cannot be loaded is still worth inspecting, as long as its header can be read. */
async function look(io: Io, name: string | undefined, {quant}: InspectFlags): Promise<Inspected> {
  const found = findModel(name, whereToLook(io), {quant});
  switch (found.kind) {
    case 'gguf':
      return await inspectedFile(io, found.file, found.note);
    case 'folder':
      return await (await import('./inspect-folder.ts')).inspectedFolder(io, found.folder, quant);
    case 'tar':
      return await (await import('./inspect-folder.ts')).inspectedArchive(io, found.path, quant);
    case 'tokenizer':
      throw found.noModel;
  }
}

function table(found: Inspection, note: string): string {
  const {shape, tokenizer} = found;
  const rows: [string, string][] = [
    ...(found.source === undefined ? [] : [['source', sourceWeights(found.source)] as [string, string]]),
    ['model', found.name === undefined ? note : `${found.name} (${note})`],
    ['architecture', architecture(found)],
    [
      'parameters',
      `${formatCount(found.parameters)}, ${formatBytes(found.bytes)}, ${found.bitsPerWeight.toFixed(2)} bits each`,
    ],
    ['quantisation', `${found.quantisation ?? 'not named'}: ${found.types.map(typeShare).join(', ')}`],
    ['context', shape.context === undefined ? 'not given' : `${shape.context} tokens`],
    ...attention(found).map((text): [string, string] => ['attention', text]),
  ];
  if (tokenizer !== undefined) {
    rows.push(['tokenizer', `${tokenizer.family}, ${tokenizer.tokens} tokens`]);
    rows.push(['template', templateLine(tokenizer, found.template?.confidence)]);
    rows.push(['abilities', abilities(tokenizer)]);
    for (const line of tokenizer.settingLines ?? []) rows.push(['setting', line]);
    const own = found.systemPrompt;
    if (own !== undefined) {
      const begins = JSON.stringify(own.text.slice(0, 60));
      rows.push(['system prompt', `from ${own.origin}, not sent unasked: ${begins}`]);
    }
  }
  const sampling = samplingText(found);
  if (sampling !== '') rows.push(['sampling', sampling]);
  const {template} = found;
  if (tokenizer === undefined && template)
    rows.push(['template', `${template.version}: ${template.reasons.join('; ')}`]);
  if (found.license !== undefined) rows.push(['license', found.license]);
  rows.push(['fits here', howItFits(found)]);
  for (const text of found.notes) rows.push(['note', text]);
  if (found.problem !== undefined) rows.push(['problem', found.problem]);
  return `${labelled(rows, 14)}\n${memoryTable(found)}`;
}

function sourceWeights({format, types, files, bytes}: SourceReport): string {
  const layout = format === 'mistral' ? "Mistral's" : "Hugging Face's";
  return `${layout} format, ${types.join(' and ')} in ${counted(files, 'file')}, ${formatBytes(bytes)}`;
}

function architecture({shape}: Inspection): string {
  const {layers, embedding, heads, kvHeads, experts, expertsUsed} = shape;
  const parts = [shape.architecture, `${layers} layers of ${embedding}`];
  if (heads > 0) parts.push(`${heads} heads, ${Math.max(...kvHeads)} for keys and values`);
  if (experts > 0) parts.push(`${expertsUsed} of ${experts} experts`);
  return parts.join(', ');
}

function attention({attention: {window, yarn}, shape}: Inspection): string[] {
  const lines: string[] = [];
  if (window !== undefined) {
    const layers = window.layers === undefined ? '' : ` in ${window.layers} of ${shape.layers} layers`;
    lines.push(`sees the last ${window.size} tokens${layers}`);
  }
  if (yarn !== undefined) {
    const {factor, originalContext, rotaryScale, softmaxScale} = yarn;
    const over = originalContext === undefined ? '' : ` over ${originalContext} tokens`;
    const softmax = softmaxScale === undefined ? '' : `attention scaled by ${softmaxScale.toFixed(2)}, `;
    lines.push(`YaRN x${factor}${over}: ${softmax}rotated parts by ${rotaryScale.toFixed(2)}`);
  }
  return lines;
}

function typeShare({type, tensors, bytes}: Inspection['types'][number]): string {
  return `${type} ${formatBytes(bytes)} in ${tensors}`;
}

function templateLine({template, templateReason}: Tokenizer, confidence: string | null | undefined): string {
  return `${template}${confidence ? ` (${confidence})` : ''}: ${templateReason}`;
}

type Tokenizer = NonNullable<Inspection['tokenizer']>;

function abilities({chat, fim, tools, reasoning}: Tokenizer): string {
  const can = [
    ...(chat ? ['chat'] : ['plain text, no chat']),
    ...(tools ? ['tools'] : []),
    ...(fim ? ['fill in the middle'] : []),
    ...(reasoning ? ['reasoning'] : []),
  ];
  return `${can.join(', ')} (by template and vocabulary; text only)`;
}

/** Such as `temperature 0.15 (the file), top_p 0.95 (the catalogue)`. */
function samplingText({sampling}: Inspection): string {
  const figures = SAMPLING.flatMap(({key, set: [name]}) => {
    const figure = sampling[key];
    return figure === undefined ? [] : [`${name} ${figure.value} (${figure.origin})`];
  });
  return figures.join(', ');
}

function howItFits({fittingContext, shape}: Inspection): string {
  const {ramBytes} = thisMachine();
  const memory = `${formatBytes(ramBytes)} of memory`;
  if (fittingContext === 0) return `no: too large for ${memory}`;
  if (fittingContext >= shape.usableContext) return `yes, with its whole context in ${memory}`;
  return `with up to ${fittingContext} tokens of context in ${memory} (F16 cache)`;
}

function memoryTable({memory}: Inspection): string {
  const types = Object.keys(memory[0]?.total ?? {}) as (keyof Inspection['memory'][number]['total'])[];
  const head = `${'memory at'.padEnd(14)}${types.map((type) => `${type} cache`.padStart(12)).join('')}\n`;
  const rows = memory.map(({context, total}) => {
    const cells = types.map((type) => formatBytes(total[type] ?? 0).padStart(12));
    return `${`${context} tokens`.padEnd(14)}${cells.join('')}\n`;
  });
  return head + rows.join('');
}

// The models that a chat at a terminal can go on with: those on this machine, or those of its server.
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {SamplingChoice} from '../../engine/contract/sampling.ts';
import {listStores} from '../../engine/models/stores.ts';
import type {OtherModels} from '../../ui/chat/chat-context.ts';
import type {Item} from '../../ui/chat/picker.ts';
import {nearestName} from '../../ui/chat/slash/nearest-name.ts';
import type {Io} from '../host/io.ts';
import {type Meant, whereToLook} from '../open-model/meant.ts';
import {openBackend, serverModels} from '../open-model/open-backend.ts';
import {samplingFor} from '../open-model/recommended.ts';
import type {EngineFlags} from '../options.ts';

export interface ChatModels {
  readonly meant: Meant;
  readonly flags: EngineFlags;
  readonly sampling: SamplingChoice;
  /** An `io` whose messages become notes of the chat. */
  readonly noting: (note: (text: string) => void) => Io;
  /** Told of the model that was opened. */
  readonly opened: (backend: Backend) => void;
}

export function otherModels({meant, flags, sampling, noting, opened}: ChatModels): OtherModels {
  const io = () => noting(() => {});
  const names = async (): Promise<Item[]> =>
    meant.kind === 'url'
      ? (await serverModels(io(), meant.url, flags)).map((label) => ({label, detail: ''}))
      : listStores(whereToLook(io()))
          .filter(({onlyFor, inside}) => onlyFor === undefined && inside === undefined)
          .map(({name, bytes, store}) => ({label: name, detail: `${formatBytes(bytes)}, ${store}`}));
  return {
    list: names,
    open: async (name, note, onProgress) => {
      if (meant.kind === 'url') requireListed(name, await names());
      const own = withoutOthers(flags);
      const how = meant.kind === 'url' ? {...own, url: meant.url, remoteModel: name} : own;
      const argument = meant.kind === 'url' ? undefined : name;
      const backend = await openBackend(noting(note), argument, how, {onProgress, chats: true, saysEmbedded: false});
      samplingFor(backend.model, sampling, note);
      opened(backend);
      return backend;
    },
  };
}

/** What was said of the first model alone: another one has its own. */
function withoutOthers(flags: EngineFlags): EngineFlags {
  const {quant, template, chatTemplate, loraPath, loraScale, setting, tokenizer, ...rest} = flags;
  return rest;
}

/** A server that would be asked for a model it does not have fails at the first message only. @throws EngineError */
function requireListed(name: string, models: readonly Item[]): void {
  const names = models.map(({label}) => label);
  if (names.length === 0 || names.includes(name)) return;
  const near = nearestName(name, names);
  throw new EngineError('model_not_found', `this server has no model '${name}'`, {
    hint: near === undefined ? 'Type /model to see those it has.' : `Did you mean ${near}?`,
  });
}

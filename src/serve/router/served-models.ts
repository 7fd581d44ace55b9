// The models that one server has, and the one owner of what a request may call them.
import {EngineError} from '../../base/errors.ts';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import type {OllamaCard} from '../dialects/ollama/ollama-card.ts';
import {HttpError} from '../http-error.ts';

/** A model as its file tells of it, whether it is loaded or not. */
export interface ServedModel {
  /** What it is shown under; no two have the same. */
  readonly id: string;
  /** Other names, best first. One that several have means the first of them. */
  readonly names: readonly string[];
  /** Memory that it takes when it is loaded. */
  readonly bytes: number;
  readonly info: ModelInfo;
  readonly card: OllamaCard;
}

/** What Ollama's users say for the usual one of several. */
const LATEST = ':latest';
/** The alias that requests mean which name no model. */
const DEFAULT_NAME = 'default';
/** As many as a refusal names. */
const SHOWN = 10;
const SHOWN_NAME = 100;

/** Only what is in this table is a name: nothing a request says is ever looked for on the disk. */
export class ServedModels<Model extends ServedModel> {
  readonly all: readonly Model[];
  readonly #table = new Map<string, Model>();
  readonly #aliases = new Map<string, string[]>();

  /** @throws EngineError `usage` for an alias of a model that is not there, or that is another model's own name. */
  constructor(models: readonly Model[], aliases: readonly (readonly [name: string, model: string])[] = []) {
    this.all = models;
    for (const model of models) this.#add(model.id, model);
    for (const model of models) for (const name of model.names) this.#add(name, model);
    for (const [name, wanted] of aliases) this.#addAlias(name, wanted);
  }

  /** The model of a name, whatever its case, also with `:latest` behind it; undefined for any other text. */
  find(name: string): Model | undefined {
    const key = name.toLowerCase();
    return this.#table.get(key) ?? (key.endsWith(LATEST) ? this.#table.get(key.slice(0, -LATEST.length)) : undefined);
  }

  /**
   * The model that a request means; one without a name means the only one there is, or the one with the alias `default`.
   * @throws HttpError 404 `model_not_found`; 400 where a name is needed.
   */
  asked(name: string | undefined): Model {
    if (name === undefined || name === '') return this.#unnamed();
    const model = this.find(name);
    if (model !== undefined) return model;
    const shown = name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}…` : name;
    throw new HttpError(404, `model '${shown}' not found; this server has ${this.#list()}`, {
      code: 'model_not_found',
      param: 'model',
    });
  }

  /** Its other names: those it was given when the server was started, then its own, without those that mean another model. */
  namesOf(model: Model): readonly string[] {
    const names = [...(this.#aliases.get(model.id) ?? []), ...model.names];
    return [...new Set(names)].filter((name) => this.find(name) === model);
  }

  #unnamed(): Model {
    const [only] = this.all;
    const model = this.all.length === 1 ? only : this.find(DEFAULT_NAME);
    if (model !== undefined) return model;
    throw new HttpError(400, `'model' is missing; this server has ${this.#list()}`, {
      code: 'model_required',
      param: 'model',
    });
  }

  #list(): string {
    const ids = this.all.slice(0, SHOWN).map(({id}) => `'${id}'`);
    const more = this.all.length - ids.length;
    return more > 0 ? `${ids.join(', ')} and ${more} more` : ids.join(', ');
  }

  #add(name: string, model: Model): void {
    const key = name.toLowerCase();
    if (!this.#table.has(key)) this.#table.set(key, model);
  }

  #addAlias(name: string, wanted: string): void {
    const model = this.find(wanted);
    if (model === undefined) {
      const hint = `There are: ${this.#list()}.`;
      throw new EngineError('usage', `--alias ${name}=${wanted}: there is no model '${wanted}' among those served`, {
        hint,
      });
    }
    const known = this.find(name);
    if (known !== undefined && known !== model) {
      throw new EngineError('usage', `--alias ${name}=${wanted}: '${name}' is a name of '${known.id}' already`);
    }
    this.#add(name, model);
    this.#aliases.set(model.id, [...(this.#aliases.get(model.id) ?? []), name]);
  }
}

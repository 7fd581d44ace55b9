// Answers one line of a batch after the other: what was answered is passed over, and every failure is a record.
import {EngineError} from '../../base/errors.ts';
import type {Json} from '../../base/json.ts';
import type {Line} from '../../base/read-lines.ts';
import type {AskedApp} from '../../serve/asked/ask-app.ts';
import {fittingJson} from '../chat/answer-schema.ts';
import {type BatchLine, type LineFacts, readBatchLine} from './batch-line.ts';
import {
  answerRecord,
  contentOf,
  errorIn,
  errorOf,
  errorRecord,
  isCall,
  isCut,
  type LineEnd,
  type RecordError,
  type Reply,
  replyJson,
} from './batch-record.ts';
import {type ForAllLines, lineRequest} from './line-request.ts';

export interface LineResult {
  readonly line: LineFacts;
  /** Without its line end; undefined for a line that was answered before. */
  readonly record: string | undefined;
  readonly end: LineEnd | 'there' | 'interrupted';
  /** It is no request. */
  readonly isUnreadable: boolean;
  /** Whether it is the record of its key: not of an id that another line had first. */
  readonly keepsKey: boolean;
  /** Bytes of the line. */
  readonly size: number;
}

export interface LineOptions extends ForAllLines {
  /** The hash of the line that was answered under this key in an earlier run. */
  readonly answered: (key: string) => string | undefined;
  /** Told of a failure that all further lines would have too. */
  readonly onFatal: (error: EngineError) => void;
}

const INTERRUPTED: RecordError = {code: 'interrupted', message: 'the run was stopped before this line was answered'};

export class LineAnswers {
  readonly #app: AskedApp;
  readonly #options: LineOptions;
  readonly #seen = new Set<string>();

  constructor(app: AskedApp, options: LineOptions) {
    this.#app = app;
    this.#options = options;
  }

  /** Whether a line of this key has come in this run. */
  hasSeen(key: string): boolean {
    return this.#seen.has(key);
  }

  async answer(written: Line): Promise<LineResult> {
    const line = readBatchLine(written);
    const isSecond = line.id !== undefined && this.#seen.has(line.key);
    this.#seen.add(line.key);
    const size = Buffer.byteLength(written.text) + 1;
    const rest = {line, size, keepsKey: !isSecond, isUnreadable: line.asked instanceof EngineError};
    if (isSecond) {
      const error = {code: 'invalid_request', message: 'another line has had this id', param: idField(line)};
      return {...rest, record: errorRecord(line, error), end: 'failed'};
    }
    if (this.#options.answered(line.key) === line.input) return {...rest, record: undefined, end: 'there'};
    return {...rest, ...(await this.#ask(line))};
  }

  async #ask(line: BatchLine): Promise<Pick<LineResult, 'record' | 'end'>> {
    const {asked} = line;
    if (asked instanceof EngineError) return {record: errorRecord(line, errorOf(asked)), end: 'failed'};
    const {schema, onFatal} = this.#options;
    const {body, seed, isHeld} = lineRequest(asked, line.index, this.#options);
    const said = await this.#app.ask(asked.route.path, body);
    const reply: Reply = {...said, body: replyJson(said.body)};
    const error = errorIn(reply);
    if (error?.code === 'draining') return {record: errorRecord(line, INTERRUPTED), end: 'interrupted'};
    if (error) {
      if (error.code === 'backend_unreachable') onFatal(new EngineError('backend_unreachable', error.message));
      return {record: errorRecord(line, error, reply), end: 'failed'};
    }
    const cut = isCut(reply);
    let parsed: Json | undefined;
    if (isHeld && schema && !cut && !isCall(reply)) {
      parsed = fittingJson(contentOf(reply), schema.schema);
      if (parsed === undefined) return {record: errorRecord(line, UNFIT), end: 'failed'};
    }
    return {record: answerRecord(line, reply, {seed, parsed}), end: cut ? 'cut' : 'answered'};
  }
}

/** Of a server that holds its answers to no schema. */
const UNFIT: RecordError = {code: 'backend_failed', message: 'the answer does not fit the schema'};

const idField = ({form}: LineFacts) => (form === 'openai' ? 'custom_id' : 'id');

// Why a request cannot be turned into tokens, in mistral-common's own classes.
import {EngineError, type EngineErrorOptions} from '../../base/errors.ts';

/**
 * mistral-common's exception classes, by name, so that a refusal here and one there can be compared.
 * Where mistral-common fails with a bare `ValueError` or `AssertionError` the nearest of its own classes is used;
 * `ValidationError` is pydantic's: the request does not have the shape of a request.
 */
export type RefusalClass =
  | 'InvalidAssistantMessageException'
  | 'InvalidFunctionCallException'
  | 'InvalidMessageStructureException'
  | 'InvalidRequestException'
  | 'InvalidSystemPromptException'
  | 'InvalidToolException'
  | 'InvalidToolMessageException'
  | 'InvalidToolSchemaException'
  | 'InvalidUserMessageException'
  | 'TokenizerException'
  | 'UnsupportedTokenizerFeatureException'
  | 'ValidationError';

/** A request that has no token form. `refusal` is the stable code for machines, `code` the house's error code. */
export class Refusal extends EngineError {
  readonly refusal: RefusalClass;

  constructor(refusal: RefusalClass, message: string, options: EngineErrorOptions = {}) {
    super(refusal === 'UnsupportedTokenizerFeatureException' ? 'unsupported' : 'invalid_request', message, options);
    this.refusal = refusal;
  }
}

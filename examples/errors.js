// Failures are of one class: a code to decide by, a message and what to do next for people.
import {EngineError, openLocalBackend} from 'mistral-chat';

try {
  await openLocalBackend({file: 'no-such-model.gguf'});
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.log(`${error.code}, exit code ${error.exitCode}, HTTP status ${error.httpStatus}`);
}

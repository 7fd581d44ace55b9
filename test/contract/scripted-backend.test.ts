// The fake that screens, servers and commands are tested over must do what the real ones do.
import {type Call, ScriptedBackend, type Step} from '../fakes/scripted-backend.ts';
import {toyAnswer} from '../fakes/toy-answers.ts';
import {backendContract} from './backend.ts';

function script({kind, request}: Call): Step[] {
  const asked = kind === 'chat' ? request.messages.map(({content}) => String(content)).join('\n') : '';
  const {reasoning, text = ''} = toyAnswer(asked);
  return [...(reasoning === undefined ? [] : [{type: 'reasoning', text: reasoning} as const]), ...text];
}

backendContract({
  open: () => new ScriptedBackend(script),
  // Only the texts of a script count as tokens, so that it cannot say what a call would cost.
  calls: 'never',
  reasons: true,
  logprobs: true,
  enforces: false,
  judges: false,
});

// What a user asked for that this machine or this model does not have: told, and done as well as it can be.
import type {LocalOptions, Machine} from '../../contract/local-engine.ts';
import type {ModelShape} from '../../gguf/model-shape.ts';

type Asked = Pick<LocalOptions, 'gpuLayers' | 'threads' | 'contextSize'>;

/** A line for each; scripts carry such flags from one machine and one model to others. */
export function beyondReach(asked: Asked, {context}: ModelShape, {cores}: Machine, hasGpu: boolean): string[] {
  const {gpuLayers = 0, threads = 0, contextSize = 0} = asked;
  const notes: string[] = [];
  if (!hasGpu && gpuLayers !== 0) {
    notes.push(`--gpu-layers ${gpuLayers} has no effect: there is no GPU to use, the CPU computes everything`);
  }
  if (threads > cores) {
    const [there, all] = cores === 1 ? ['1 processor', '1 computes'] : [`${cores} processors`, `${cores} compute`];
    notes.push(
      `--threads ${threads} is more than the ${there} this program may use; ${all}, as more would wait for each other`,
    );
  }
  if (context !== undefined && contextSize > context) {
    notes.push(
      `--ctx ${contextSize} is beyond the ${context} tokens this model was trained for: there it may write nonsense`,
    );
  }
  return notes;
}

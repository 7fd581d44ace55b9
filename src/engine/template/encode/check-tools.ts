// Checks the tools of a request: parameters against the draft-7 meta-schema, then names.
import {Refusal} from '../../contract/refusal.ts';
import type {Tool} from '../../contract/requests.ts';
import {FUNCTION_NAME_RULE, isFunctionName} from '../../contract/tool-names.ts';
import {schemaFault} from '../../wire/schema-fault.ts';

/** @throws Refusal: InvalidToolSchemaException or InvalidToolException. */
export function validateTools(tools: readonly Tool[]): void {
  tools.forEach((tool, index) => {
    const param = `tools[${index}].function`;
    const fault = schemaFault(tool.parameters);
    if (fault !== undefined) {
      throw new Refusal(
        'InvalidToolSchemaException',
        `The parameters of tool "${tool.name}" are no JSON schema: ${fault}.`,
        {
          param: `${param}.parameters`,
        },
      );
    }
    if (!isFunctionName(tool.name)) {
      throw new Refusal('InvalidToolException', `The function name "${tool.name}" ${FUNCTION_NAME_RULE}.`, {
        param: `${param}.name`,
      });
    }
  });
}

import {expect, test} from 'vitest';
import {mergedMetrics} from '../../../src/serve/router/merged-metrics.ts';

const OWN = `# HELP mistral_requests_total Answered requests
# TYPE mistral_requests_total counter
mistral_requests_total{route="/health",status="200"} 3

# HELP mistral_slots Slots
# TYPE mistral_slots gauge
mistral_slots 4
`;
const A = `# HELP mistral_requests_total Answered requests
# TYPE mistral_requests_total counter
mistral_requests_total{route="/health",status="200"} 9

# HELP seconds How long
# TYPE seconds histogram
seconds_bucket{le="0.1"} 1
seconds_sum 0.05
`;

test('each family stands once, each sample with its model, requests as the router counts them', () => {
  const models = new Map([
    ['a', A],
    ['b "x"', A],
  ]);
  expect(mergedMetrics(OWN, models)).toBe(`# HELP mistral_requests_total Answered requests
# TYPE mistral_requests_total counter
mistral_requests_total{route="/health",status="200"} 3
# HELP seconds How long
# TYPE seconds histogram
seconds_bucket{model="a",le="0.1"} 1
seconds_sum{model="a"} 0.05
seconds_bucket{model="b \\"x\\"",le="0.1"} 1
seconds_sum{model="b \\"x\\""} 0.05
`);
});

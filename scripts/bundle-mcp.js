// Bundles the client of MCP servers: zod and what else it needs are a dozen packages that nothing else here installs.
import {bundle} from './bundle.js';

await bundle({
  entryPoints: ['dist/engine/mcp/mcp-client.js'],
  outfile: 'dist/engine/mcp/mcp-client.js',
  minify: true,
  // Its errors are told apart by their classes.
  keepNames: true,
  banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
});

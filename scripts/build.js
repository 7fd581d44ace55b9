// Builds dist/: compiles, bundles, and drops what the bundles took in.
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';

process.chdir(join(import.meta.dirname, '..'));
const tsc = 'node_modules/typescript/bin/tsc';
try {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {stdio: ['ignore', 2, 2]});
} catch (error) {
  // The compiler has said what is wrong.
  process.exit(error.status ?? 1);
}
// Of two bundles that hold the same file, the one made first still finds it as it was compiled.
await import('./bundle-screen.js');
await import('./bundle-fim.js');
await import('./bundle-http.js');
await import('./bundle-server.js');
await import('./bundle-mcp.js');
await import('./bundle-startup.js');
await import('./drop-unreached.js');
await import('./roll-up-types.js');
await import('./notices.js');
await import('./man-pages.js');

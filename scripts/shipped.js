// Which packages a user's installation has, by the lockfile: what package.json and its packages depend on, without what the
// copies in the tarball leave out.
import {readFileSync} from 'node:fs';

/** Dependencies of node-llama-cpp that its own command line and its compiler use alone: nothing its index imports reaches them. */
export const COMPILING = ['cmake-js', 'ignore', 'node-addon-api', 'validate-npm-package-name', 'yargs'];

const {packages} = JSON.parse(readFileSync('package-lock.json', 'utf8'));

/** Lockfile entries of the packages that are there on every platform, by their folder. */
export function shippedPackages() {
  const found = new Map();
  const visit = (from, name) => {
    const path = lookUp(from, name);
    if (path === undefined || found.has(path)) return;
    found.set(path, packages[path]);
    visitAll(path, packages[path]);
  };
  const visitAll = (path, {dependencies = {}}) => {
    const names = Object.keys(dependencies);
    const isEngine = path === 'node_modules/node-llama-cpp';
    for (const name of isEngine ? names.filter((one) => !COMPILING.includes(one)) : names) visit(path, name);
  };
  visitAll('', packages['']);
  return found;
}

/** Lockfile entries of the packages that some platform has besides. */
export function optionalPackages() {
  return Object.keys(packages[''].optionalDependencies).map((name) => packages[`node_modules/${name}`]);
}

/** As Node looks for packages: in the folder itself, then further up. */
function lookUp(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (at === '') return undefined;
  }
}

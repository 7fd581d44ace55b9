// Before the end-to-end tests: builds the programs they run, so that a stale build can never pass.
import {execFileSync} from 'node:child_process';

export function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], {stdio: 'inherit'});
}

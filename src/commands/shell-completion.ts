// `mistral completion SHELL`: a script that completes commands and flags, written from the program's own declarations.
import type {Command} from 'commander';
import {Argument} from './commander.ts';
import type {Io} from './host/io.ts';

const PROGRAMS = ['chat', 'demo', 'fim', 'tools'];

const EXAMPLES = `
Examples:
  mistral completion bash > ~/.local/share/bash-completion/completions/mistral
  mistral completion zsh >> ~/.zshrc
  mistral completion fish > ~/.config/fish/completions/mistral.fish`;

/** `all` declares every command of the program, with its flags. */
export function addCompletionCommand(command: Command, io: Io, all: () => Promise<readonly Command[]>): void {
  command
    .description('Print a script that completes commands and flags in a shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', EXAMPLES);
  command.action(async (shell: string) => {
    const commands = await all();
    io.print(shell === 'fish' ? fishScript(commands) : bashScript(commands, shell === 'zsh'));
  });
}

/** zsh understands the same script through its own bashcompinit. */
function bashScript(commands: readonly Command[], zsh: boolean): string {
  const flags = commands.map((command) => `    mistral-${command.name()}) words='${flagsOf(command).join(' ')}' ;;\n`);
  return `${zsh ? 'autoload -U +X compinit bashcompinit && compinit && bashcompinit\n' : ''}_mistral() {
  local current=\${COMP_WORDS[COMP_CWORD]} name=\${COMP_WORDS[0]##*/} words=''
  [ "$name" = mistral ] && [ "$COMP_CWORD" -gt 1 ] && name=mistral-\${COMP_WORDS[1]}
  case $name in
    mistral) words='${commands.map((command) => command.name()).join(' ')}' ;;
${flags.join('')}  esac
  COMPREPLY=()
  case $name$current in
    mistral*-* | mistral$current) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -o default -F _mistral mistral ${PROGRAMS.map((name) => `mistral-${name}`).join(' ')}
`;
}

function fishScript(commands: readonly Command[]): string {
  return commands.flatMap((command) => [summaryLine(command), ...flagLines(command)]).join('');
}

function summaryLine(command: Command): string {
  return `complete -c mistral -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.summary())}\n`;
}

function flagLines(command: Command): string[] {
  const name = command.name();
  const targets = [
    `mistral -n '__fish_seen_subcommand_from ${name}'`,
    ...(PROGRAMS.includes(name) ? [`mistral-${name}`] : []),
  ];
  return command.options
    .filter(({hidden, long}) => !hidden && long)
    .flatMap(({long = '', short, required, description}) => {
      const flag = `-l ${long.slice(2)}${short ? ` -s ${short.slice(1)}` : ''}${required ? ' -r' : ''}`;
      return targets.map((target) => `complete -c ${target} ${flag} -d ${quoted(description)}\n`);
    });
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({hidden, long}) => (hidden || !long ? [] : [long]));
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

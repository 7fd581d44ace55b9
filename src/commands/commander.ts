// Commander: the build makes one file of it, where the package is eight, and leaves out what it needs for subcommands in
// files of their own.
export {Argument, Command, CommanderError, InvalidArgumentError, Option} from 'commander';

// Stands in for node:child_process in the bundles: commander loads it for subcommands in files of their own.
export default {};

// Stands in for node:child_process in the bundle of `mistral-fim`: commander loads it for subcommands in files of their own.
export default {};

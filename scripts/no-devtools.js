// Stands in for react-devtools-core in bundles: Ink imports it for a debugging mode that is never on here.
export default {initialize() {}, connectToDevTools() {}};

// The one place that imports Ink and React, so that a new major version is one file's work.
export {Box, render, Text} from 'ink';

// Writes THIRD_PARTY_NOTICES.txt: everything of others that the package holds or brings, with its licence.
import {writeFileSync} from 'node:fs';
import {bundledPackages} from './bundle.js';
import {isTaken, licenceOf, mit} from './licences.js';
import {optionalPackages, shippedPackages} from './shipped.js';

const BSD_2 = (copyright) => `BSD 2-Clause License

Copyright (c) ${copyright}

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met: 1. Redistributions of source code must retain the above copyright notice, this list of conditions and the
following disclaimer. 2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and
the following disclaimer in the documentation and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING,
BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT
SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE
OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

/** What llama.cpp's libraries are made of, as the sources of its release say; its packages bring no text of it. */
const IN_THE_ENGINE = [
  {name: 'llama.cpp and ggml', licence: 'MIT', text: mit('2023-2026 The ggml authors')},
  {name: 'llamafile sgemm, in ggml', licence: 'MIT', text: mit('2024 Mozilla Foundation')},
  {name: 'JSON for Modern C++', licence: 'MIT', text: mit('2013-2025 Niels Lohmann')},
  {name: 'cpp-httplib', licence: 'MIT', text: mit('2017 yhirose')},
  {name: 'xxHash', licence: 'BSD-2-Clause', text: BSD_2('2012-2023 Yann Collet')},
  {name: 'subprocess.h, SHA-1 and SHA-256 in llama.cpp', licence: 'Unlicense', text: 'In the public domain.'},
];

for (const {license} of optionalPackages()) {
  if (license !== undefined && !isTaken(license)) throw new Error(`an optional package is under ${license}`);
}
const all = [...bundledPackages, ...shippedPackages().keys()].map(licenceOf);
const titled = ({name, version}) => (version === undefined ? name : `${name} ${version}`);
const seen = new Set();
const listed = [...IN_THE_ENGINE, ...all.sort((a, b) => (titled(a) < titled(b) ? -1 : 1))].filter((one) => {
  const isNew = !seen.has(titled(one));
  seen.add(titled(one));
  return isNew;
});
const head = `mistral-chat is under the Apache License 2.0 (LICENSE). It holds or brings what is listed here, each under its own licence.
The libraries of llama.cpp come in packages of node-llama-cpp. Made by the build from what the bundles hold and the lockfile names.
`;
const line = '-'.repeat(80);
const parts = listed.map((one) => `${line}\n${titled(one)} (${one.licence})\n${line}\n\n${one.text}\n`);
writeFileSync('THIRD_PARTY_NOTICES.txt', `${head}\n${parts.join('\n')}`);

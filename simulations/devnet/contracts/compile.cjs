// `node compile.cjs SOLJSON FOLDER FILE…` compiles these files and prints solc's standard JSON output.
//
// FOLDER holds the sources by the paths that they import each other with (`@openzeppelin/contracts/…`).
"use strict";
const fs = require("fs");
const path = require("path");

const [soljson, folder, ...files] = process.argv.slice(2);
const sources = {};
const add = (file) => {
  if (sources[file]) return;
  const content = fs.readFileSync(path.join(folder, file), "utf8");
  sources[file] = { content };
  for (const [, imported] of content.matchAll(/^(?:import\s[^;]*?|\}\s*from\s*)"([^"]+)";/gm)) {
    add(imported.startsWith(".") ? path.posix.join(path.posix.dirname(file), imported) : imported);
  }
};
files.forEach(add);

const solc = require(soljson);
const compile = solc.cwrap("solidity_compile", "string", ["string", "number", "number"]);
const input = {
  language: "Solidity",
  sources,
  settings: {
    evmVersion: "cancun",
    metadata: { bytecodeHash: "none" },
    optimizer: { enabled: true, runs: 200 },
    outputSelection: Object.fromEntries(files.map((file) => [file, { "*": ["evm.bytecode.object"] }])),
  },
};
process.stdout.write(compile(JSON.stringify(input), 0, 0));

// Packs the page, its workers and the licences of all that is in them: node bundle.mjs FOLDER
import { build } from "esbuild";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const folder = process.argv[2];
const settings = {
  bundle: true,
  minify: true,
  metafile: true,
  outdir: folder,
  entryNames: "[name]",
  target: "es2022",
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
};
const packed = await Promise.all([
  build({
    ...settings,
    entryPoints: ["page.jsx"],
    format: "esm",
    splitting: true,
    jsx: "automatic",
    loader: { ".graphql": "text", ".ttf": "file", ".woff2": "file" },
  }),
  build({
    ...settings,
    entryPoints: [
      "monaco-editor/esm/vs/editor/editor.worker.js",
      "monaco-editor/esm/vs/language/json/json.worker.js",
      "monaco-graphql/esm/graphql.worker.js",
    ],
    format: "iife",
  }),
]);

const inside = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const inputs = packed.flatMap((one) => Object.keys(one.metafile.inputs));
const packages = [...new Set(inputs.map((path) => inside.exec(path)?.[1]).filter(Boolean))].sort();
const licences = [];
for (const at of packages) {
  const { name, version, license } = JSON.parse(await readFile(join(at, "package.json"), "utf8"));
  const files = (await readdir(at)).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(at, file), "utf8")));
  licences.push([`${name} ${version} (${license})`, ...texts].join("\n\n"));
}
await writeFile(join(folder, "licences.txt"), licences.join(`\n\n${"-".repeat(80)}\n\n`));

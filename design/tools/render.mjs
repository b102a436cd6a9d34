// Renders jobs with Nunjucks: one JSON object {template, macro, params} or {source, context} a line in, one JSON string a line out.
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import readline from 'node:readline';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const nunjucks = require('nunjucks');
const { environment } = require(path.join(here, '../packages/npm/index.cjs'));
const env = environment(nunjucks, { paths: [path.join(here, '..')], root: path.join(here, '../components') });
const compiled = new Map();

for await (const line of readline.createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  const source = job.source ?? `{% from "${job.template}" import ${job.macro} %}{{ ${job.macro}(params) }}`;
  let out;
  try {
    if (!compiled.has(source)) compiled.set(source, nunjucks.compile(source, env));
    out = compiled.get(source).render(job.context ?? { params: job.params });
  } catch (error) {
    out = `!! ${error.message}`;
  }
  process.stdout.write(`${JSON.stringify(out)}\n`);
}

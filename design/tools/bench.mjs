// Renders every fixture of GOV.UK Frontend with Nunjucks many times: `bytes N seconds S css N js N`.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import zlib from 'node:zlib';

const require = createRequire(import.meta.url);
const nunjucks = require('nunjucks');
const root = path.dirname(require.resolve('govuk-frontend/package.json'));
const dist = path.join(root, 'dist');
const components = path.join(dist, 'govuk/components');
const env = new nunjucks.Environment(new nunjucks.FileSystemLoader(dist), { autoescape: true });
const jobs = [];
for (const name of fs.readdirSync(components)) {
  const file = path.join(components, name, 'fixtures.json');
  if (!fs.existsSync(file)) continue;
  const macro = 'govuk' + name.split('-').map((w) => w[0].toUpperCase() + w.slice(1)).join('');
  const source = `{% from "govuk/components/${name}/macro.njk" import ${macro} %}{{ ${macro}(params) }}`;
  const template = nunjucks.compile(source, env);
  for (const fixture of JSON.parse(fs.readFileSync(file)).fixtures) jobs.push([template, { params: fixture.options }]);
}
const render = () => jobs.reduce((sum, [template, context]) => sum + Buffer.byteLength(template.render(context)), 0);
for (let i = 0; i < 5; i++) render();
const began = process.hrtime.bigint();
let bytes = 0;
for (let i = 0; i < 20; i++) bytes += render();
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const size = (file) => zlib.gzipSync(fs.readFileSync(path.join(dist, 'govuk', file)), { level: 9 }).length;
console.log(`fixtures ${jobs.length} bytes ${bytes} seconds ${seconds.toFixed(4)} css ${size('govuk-frontend.min.css')} js ${size('govuk-frontend.min.js')}`);

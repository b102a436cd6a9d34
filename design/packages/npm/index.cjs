// Makes a Nunjucks environment that renders the components exactly as every other engine does.
'use strict';
const path = require('node:path');

const templates = path.join(__dirname, 'templates');
const entities = { '&': '&amp;', '"': '&quot;', "'": '&#39;', '<': '&lt;', '>': '&gt;' };

function environment(nunjucks, { paths = [], root = templates } = {}) {
  nunjucks.lib.escape = (text) => text.replace(/[&"'<>]/g, (c) => entities[c]);
  return new nunjucks.Environment(new nunjucks.FileSystemLoader([...paths, root]), { autoescape: true });
}

module.exports = { environment, templates };

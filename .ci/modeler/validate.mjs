// Holds templates against Camunda's schema with bpmn.io's validator. A warning counts as an error.
//
//     node validate.mjs FOLDER...

import { validateZeebe } from '@bpmn-io/element-templates-validator';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

let failed = 0;
for (const folder of process.argv.slice(2)) {
  const names = readdirSync(folder).filter(name => name.endsWith('.json'));
  if (names.length === 0) throw new Error(`no templates in ${folder}`);
  for (const name of names) {
    const { errors, warnings } = validateZeebe(readFileSync(join(folder, name), 'utf8'));
    const complaints = [...(errors ?? []), ...(warnings ?? [])];
    console.log(`${complaints.length ? 'failed' : 'ok    '}  ${join(folder, name)}`);
    for (const { instancePath, message } of complaints) console.log(`        ${instancePath ?? ''} ${message}`);
    failed += complaints.length;
  }
}
process.exit(failed ? 1 : 0);

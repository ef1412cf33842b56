// Tries the templates in a modeler in Chromium: each is applied and filled in, and tasks of Camunda's own template are
// switched to ours and back.
//
//     node drive.mjs TEMPLATES EXAMPLES CHROMIUM PICTURES [DIAGRAMS]
//
// EXAMPLES holds diagrams that were drawn with our templates; - for none. PICTURES gets a screenshot of each template, with all groups open. DIAGRAMS holds diagrams that were drawn with
// Camunda's template.

import { chromium } from 'playwright-core';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CAMUNDA, TASKS } from './camunda.js';

const [folder, examples, executablePath, pictures, diagrams] = process.argv.slice(2);
mkdirSync(pictures, { recursive: true });

const templates = Object.fromEntries(
  readdirSync(folder).filter(name => name.endsWith('.json')).map(name => [name.slice(0, -5), JSON.parse(readFileSync(join(folder, name)))]),
);
const COMPAT = 'aws-bedrock';
// Camunda's template composes this by a hidden expression that nobody wrote, out of fields that are kept.
const COMPOSER = 'input data.newDocuments';

let failed = 0;
function tell(what, complaints) {
  console.log(`${complaints.length ? 'failed' : 'ok    '}  ${what}`);
  for (const complaint of complaints) console.log(`        ${complaint}`);
  failed += complaints.length;
}

const browser = await chromium.launchPersistentContext(join(tmpdir(), `modeler-${process.pid}`), {
  executablePath,
  viewport: { width: 1100, height: 1500 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();
const broken = [];
page.on('pageerror', error => broken.push(error.message));
await page.goto(`file://${resolve('index.html')}`);
await page.waitForFunction('window.isReady');

/** Calls a function of `window.studio`. */
const studio = (name, ...values) => page.evaluate(([name, values]) => window.studio[name](...values), [name, values]);

const diagram = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" id="D" targetNamespace="bedrock-connector">
  <bpmn:process id="P" isExecutable="true"><bpmn:task id="Task_1" name="Ask" /></bpmn:process>
  <bpmndi:BPMNDiagram id="D1"><bpmndi:BPMNPlane id="P1" bpmnElement="P">
    <bpmndi:BPMNShape id="S1" bpmnElement="Task_1"><dc:Bounds x="260" y="180" width="100" height="80" /></bpmndi:BPMNShape>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>`;

/**
 * What the panel says of the task. Its editors give a parser some milliseconds, and complain of what that had no time
 * for; so on a busy machine a complaint counts if it is there each time that somebody looks.
 */
async function complaintsNow(looks = 6) {
  await studio('select');
  const complaints = await studio('complaints');
  return complaints.length === 0 || looks === 1 ? complaints : complaintsNow(looks - 1);
}

async function fresh(template, presetId) {
  await studio('open', diagram);
  await studio('lookAt', 'Task_1');
  await studio('apply', template.id, template.version, presetId);
}

const isInput = property => property.binding.type === 'zeebe:input';
const isShown = property => property.type !== 'Hidden';

/** A value that a person could type: the placeholder, or something of the field's kind. */
function example(property) {
  if (property.feel === 'required') return `=${property.placeholder}`;
  if (property.type === 'Number') return '=1';
  if (property.type === 'Boolean') return '=true';
  return property.placeholder ?? property.value ?? 'text';
}

/** The values of the asked field with which a condition holds. */
const answers = test => test.oneOf ?? [test.equals];

/** Every way through a template: the choices on which other fields depend, one after the other. */
function ways(template) {
  const tests = template.properties.flatMap(({ condition }) => condition?.allMatch ?? (condition ? [condition] : []));
  const opens = (id, value) => tests.some(test => test.property === id && answers(test).includes(value));
  const dropdowns = template.properties.filter(property => property.type === 'Dropdown');
  const choices = dropdowns.flatMap(({ id, choices }) => choices.slice(1).map(({ value }) => [id, value]));
  return [{}, ...choices.filter(([id, value]) => opens(id, value)).map(([id, value]) => ({ [id]: value }))];
}

/** The values of the dropdowns in one way, with whatever has to be chosen before. */
function chosen(template, way) {
  const wanted = {};
  const want = (id, value) => {
    const property = template.properties.find(it => it.id === id);
    const condition = property.condition;
    for (const test of condition?.allMatch ?? (condition ? [condition] : [])) if (!answers(test).includes(wanted[test.property])) want(test.property, answers(test)[0]);
    wanted[id] ??= value;
  };
  for (const [id, value] of Object.entries(way)) want(id, value);
  return wanted;
}

const place = ({ binding }) => ({
  'zeebe:input': `input ${binding.name}`,
  'zeebe:taskHeader': `header ${binding.key}`,
  'zeebe:property': `property ${binding.name}`,
  'zeebe:taskDefinition': binding.property,
}[binding.type]);

function isActive(template, property, values) {
  const tests = property.condition?.allMatch ?? (property.condition ? [property.condition] : []);
  return tests.every(test => {
    const asked = template.properties.find(it => it.id === test.property);
    return isActive(template, asked, values) && answers(test).includes(values[asked.id] ?? asked.value);
  });
}

async function tryTemplate(name, template) {
  for (const way of ways(template)) {
    await fresh(template);
    const values = chosen(template, way);
    const active = template.properties.filter(property => isShown(property) && isActive(template, property, values));
    const wanted = {};
    for (const property of active) wanted[place(property)] = values[property.id] ?? example(property);
    const left = await studio('fill', wanted);
    const complaints = left.map(place => `${place} has no field`);
    const written = await studio('values');
    const inputs = Object.entries(written).filter(([place, value]) => place.startsWith('input ') && !value);
    complaints.push(...inputs.map(([place]) => `${place} is empty though it was filled in`));
    complaints.push(...(await complaintsNow()));
    const what = Object.entries(way).map(([id, value]) => `${id} = ${value}`).join() || 'as it is';
    tell(`${name}, filled in, ${what}`, complaints);
  }
}

async function picture(name, template) {
  await fresh(template);
  await studio('select');
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(pictures, `${name}.png`) });
  await studio('complaints');
  const height = await page.evaluate(() => document.querySelector('.bio-properties-panel-scroll-container').scrollHeight + 100);
  await page.setViewportSize({ width: 1100, height });
  await page.screenshot({ path: join(pictures, `${name}-open.png`) });
  await page.setViewportSize({ width: 1100, height: 1500 });
}

/** What must be the same before and after: all that has a value, but for what says which template it is. */
function kept(before, after, but = []) {
  const own = ['type', 'header elementTemplateId', 'header elementTemplateVersion', ...but];
  return Object.entries(before)
    .filter(([place, value]) => value && !own.includes(place) && after[place] !== value)
    .map(([place, value]) => `${place} was ${value}, is ${after[place]}`);
}

/** The templates of ours that a task may be switched to. */
function heirs(values) {
  const native = values['input action'] === 'converse' ? 'converse' : 'invoke-model';
  return [COMPAT, native];
}

async function switchTasks() {
  for (const [what, values] of Object.entries(TASKS)) {
    for (const heir of heirs(values)) {
      await fresh(CAMUNDA);
      const left = await studio('fill', values);
      const before = await studio('values');
      await studio('apply', templates[heir].id, templates[heir].version);
      const after = await studio('values');
      const complaints = [...left.map(place => `${place} cannot be filled in`), ...kept(before, after, [COMPOSER])];
      complaints.push(...(await complaintsNow()));
      tell(`Camunda's task with ${what}, switched to ${heir}`, complaints);
      await studio('apply', CAMUNDA.id, CAMUNDA.version);
      tell(`  and back`, kept(before, await studio('values')));
    }
  }
}

/** Diagrams whose template the modeler does not know. */
async function switchDiagrams() {
  for (const name of readdirSync(diagrams).filter(name => name.endsWith('.bpmn'))) {
    const xml = readFileSync(join(diagrams, name), 'utf8');
    await studio('open', xml);
    for (const heir of heirs(await studio('values'))) {
      await studio('open', xml);
      const before = await studio('values');
      await studio('apply', templates[heir].id, templates[heir].version);
      tell(`${name}, switched to ${heir}`, kept(before, await studio('values')));
    }
  }
}

/** Each task of an example is as its template makes it: nothing to complain of, nothing missing or left over. */
async function tryExamples() {
  for (const name of readdirSync(examples).filter(name => name.endsWith('.bpmn'))) {
    const complaints = await studio('open', readFileSync(join(examples, name), 'utf8'));
    const tasks = await studio('templated');
    if (tasks.length === 0) complaints.push('no task was made with a template');
    for (const [task, id, version] of tasks) {
      await studio('lookAt', task);
      complaints.push(...(await complaintsNow()));
      const before = await studio('values');
      await studio('apply', id, version);
      const after = await studio('values');
      complaints.push(...different(before, after).map(place => `${task}: ${place} was ${before[place]}, the template makes it ${after[place]}`));
    }
    tell(`${name}, opened`, complaints);
  }
  await studio('lookAt', 'Task_1');
}

/** The places whose values differ. A field that is left empty may stand there or not. */
function different(before, after) {
  const places = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...places].filter(place => (before[place] || undefined) !== (after[place] || undefined));
}

/** Whether the panel says at all what is wrong. */
async function seesMistakes() {
  await fresh(templates.converse);
  const empty = await complaintsNow(1);
  await studio('fill', { 'header resultExpression': '={answer: ' });
  const broken = await complaintsNow(1);
  const required = ['Model', 'Region', 'Message'].map(label => `${label} must not be empty.`);
  const complaints = required.every(text => empty.includes(text)) && empty.length === 3 ? [] : [`it said ${empty.join(' | ')}`];
  if (broken.length <= empty.length) complaints.push('it saw no mistake in a broken expression');
  tell('the panel names what is missing, and mistakes in expressions', complaints);
}

tell('the modeler takes the templates', await studio('load', [...Object.values(templates), CAMUNDA]));
await seesMistakes();
for (const [name, template] of Object.entries(templates)) {
  await picture(name, template);
  await tryTemplate(name, template);
}
for (const template of Object.values(templates)) {
  for (const preset of template.presets ?? []) {
    await fresh(template, preset.id);
    const values = await studio('values');
    const complaints = Object.entries(preset.properties).flatMap(([id, value]) => {
      const found = values[place(template.properties.find(it => it.id === id))];
      return found === value ? [] : [`${id} is ${found}`];
    });
    tell(`${template.name}, the menu's entry ${preset.id}`, complaints);
  }
}
if (examples !== '-') await tryExamples();
await switchTasks();
if (diagrams) await switchDiagrams();
tell('no script of the modeler broke', broken);
await browser.close();
process.exit(failed ? 1 : 0);

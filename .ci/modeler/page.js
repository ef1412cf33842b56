// A modeler as people use it: the canvas, the properties panel and the element templates of Camunda's modelers.
// What `drive.mjs` needs of it is in `window.studio`.

import Modeler from 'bpmn-js/lib/Modeler';
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from 'bpmn-js-properties-panel';
import { CloudElementTemplatesPropertiesProviderModule } from 'bpmn-js-element-templates';
import ElementTemplateChooserModule from '@bpmn-io/element-template-chooser';
import ElementTemplateIconRenderer from '@bpmn-io/element-template-icon-renderer';
import { CreateAppendAnythingModule, CreateAppendElementTemplatesModule } from 'bpmn-js-create-append-anything';
import ZeebeBehaviors from 'camunda-bpmn-js-behaviors/lib/camunda-cloud';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn-embedded.css';
import '@bpmn-io/properties-panel/assets/properties-panel.css';
import 'bpmn-js-element-templates/dist/assets/element-templates.css';
import '@bpmn-io/element-template-chooser/dist/element-template-chooser.css';

// The task that is looked at.
let looked = 'Task_1';

const modeler = new Modeler({
  container: '#canvas',
  propertiesPanel: { parent: '#panel' },
  additionalModules: [
    BpmnPropertiesPanelModule,
    BpmnPropertiesProviderModule,
    ZeebePropertiesProviderModule,
    CloudElementTemplatesPropertiesProviderModule,
    ElementTemplateChooserModule,
    ElementTemplateIconRenderer,
    CreateAppendAnythingModule,
    CreateAppendElementTemplatesModule,
    ZeebeBehaviors,
  ],
  moddleExtensions: { zeebe },
});

const get = name => modeler.get(name);
const task = () => get('elementRegistry').get(looked);
const extensions = () => task().businessObject.get('extensionElements')?.get('values') ?? [];
const extension = type => extensions().find(element => element.$type === type);

window.studio = {
  // Gives the texts of what the modeler has against the templates.
  load(templates) {
    const errors = [];
    get('eventBus').on('elementTemplates.errors', event => errors.push(...event.errors.map(error => error.message)));
    get('elementTemplatesLoader').setTemplates(templates);
    return errors;
  },

  open: xml => modeler.importXML(xml).then(({ warnings }) => warnings.map(warning => warning.message)),

  xml: () => modeler.saveXML({ format: true }).then(({ xml }) => xml),

  // Applies a template to the task, as its new one or in place of the one it has.
  apply(id, version, presetId) {
    const templates = get('elementTemplates');
    const template = templates.get(id, version);
    if (!template) throw new Error(`the modeler does not know ${id} ${version}`);
    templates.applyTemplate(task(), template, presetId ? { presetId } : undefined);
  },

  // The ids of the tasks that were made with a template, each with the template's id and version.
  templated() {
    const made = get('elementRegistry').filter(it => it.type !== 'label' && it.businessObject.get('zeebe:modelerTemplate'));
    return made.map(({ id, businessObject }) => [id, businessObject.get('zeebe:modelerTemplate'), businessObject.get('zeebe:modelerTemplateVersion')]);
  },

  lookAt: id => { looked = id; },

  // Takes the values off and on again, so that the panel shows what the diagram has.
  select() {
    get('selection').select([]);
    get('selection').select(task());
  },

  // What the task carries for the engine, by place: `input data.modelId`, `header resultVariable`, `type`, `retries`.
  values() {
    const values = {};
    const definition = extension('zeebe:TaskDefinition');
    values.type = definition?.get('type');
    values.retries = definition?.get('retries');
    for (const input of extension('zeebe:IoMapping')?.get('inputParameters') ?? []) {
      values[`input ${input.get('target')}`] = input.get('source');
    }
    for (const header of extension('zeebe:TaskHeaders')?.get('values') ?? []) {
      values[`header ${header.get('key')}`] = header.get('value');
    }
    for (const property of extension('zeebe:Properties')?.get('properties') ?? []) {
      values[`property ${property.get('name')}`] = property.get('value');
    }
    return values;
  },

  // Writes values as a person does, one field after the other; conditions take effect in between. What the template
  // shows no field for is left out, and its places are given back.
  fill(wanted) {
    const left = { ...wanted };
    const modeling = get('modeling');
    for (const place of Object.keys(wanted)) {
      const [kind, name] = place.split(' ');
      const element = {
        input: () => extension('zeebe:IoMapping')?.get('inputParameters').find(it => it.get('target') === name),
        header: () => extension('zeebe:TaskHeaders')?.get('values').find(it => it.get('key') === name),
        property: () => extension('zeebe:Properties')?.get('properties').find(it => it.get('name') === name),
        retries: () => extension('zeebe:TaskDefinition'),
      }[kind]?.();
      const attribute = { input: 'source', header: 'value', property: 'value', retries: 'retries' }[kind];
      if (element) {
        modeling.updateModdleProperties(task(), element, { [attribute]: wanted[place] });
      } else if (kind === 'header') {
        addHeader(name, wanted[place]);
      } else if (kind === 'input' && hasProperty(name)) {
        addInput(name, wanted[place]);
      } else if (wanted[place] !== '') {
        continue;
      }
      delete left[place];
    }
    return Object.keys(left);
  },

  // Opens every group and gives the texts of all complaints: of constraints, and of the editors of expressions. These
  // look a while after each change.
  async complaints() {
    const closed = '.bio-properties-panel-group-header:not(.open) .bio-properties-panel-group-header-title';
    document.querySelectorAll(closed).forEach(header => header.click());
    let found;
    let since;
    for (;;) {
      await new Promise(resolve => setTimeout(resolve, 200));
      const now = shown();
      if (found?.join() !== now.join()) [found, since] = [now, performance.now()];
      if (performance.now() - since > (found.length ? 3000 : 1200)) return found;
    }
  },
};

function shown() {
  const errors = [...document.querySelectorAll('.bio-properties-panel-error')].map(element => element.textContent);
  const lints = [...document.querySelectorAll('.cm-lintRange-error, .cm-lintRange-warning')].map(
    element => `${element.closest('[data-entry-id]')?.dataset.entryId}: ${element.textContent}`,
  );
  return [...errors, ...lints];
}

// Inputs and headers that are optional come into being when something is typed.
function addInput(target, source) {
  const input = get('bpmnFactory').create('zeebe:Input', { target, source });
  add(extension('zeebe:IoMapping'), 'inputParameters', input);
}

function addHeader(key, value) {
  const header = get('bpmnFactory').create('zeebe:Header', { key, value });
  add(extension('zeebe:TaskHeaders'), 'values', header);
}

function add(parent, list, element) {
  element.$parent = parent;
  get('modeling').updateModdleProperties(task(), parent, { [list]: [...parent.get(list), element] });
}

// Whether the template, with what is chosen now, has a field that writes there.
function hasProperty(target) {
  const template = get('elementTemplates').get(task());
  return (template?.properties ?? []).some(({ binding }) => binding.type === 'zeebe:input' && binding.name === target);
}

window.isReady = true;

// Stands in for version 8 of Camunda's Bedrock template: its places, kinds, defaults and conditions, none of its texts.

const CONVERSE = { property: 'action', equals: 'converse' };
const INVOKE = { property: 'action', equals: 'invokeModel' };
const KEYS = { property: 'authentication.type', equals: 'credentials' };
const INLINE = { property: 'awsCredential', isEmpty: true };
const MODE = mode => ({ property: 'data_newDocuments_documentMode', equals: mode });
const SOURCE = source => ({ property: 'data_newDocuments_single_documentSource', equals: source });

const COMPOSED = '=if data.data_newDocuments_documentMode = "multiple" then data.data_newDocuments_multiple_expression else null';

const when = (...conditions) => ({ condition: { allMatch: conditions.map(it => ({ type: 'simple', ...it })) } });
const input = (name, type = 'String', more = {}) => ({ id: name, type, binding: { type: 'zeebe:input', name }, ...more });
const header = (key, type, more = {}) => ({ id: key, type, binding: { type: 'zeebe:taskHeader', key }, ...more });
const helper = (name, type, more) => {
  const id = `data_newDocuments_${name}`;
  return { ...input(`data.${id}`, type, more), id };
};
const choices = (...values) => ({ value: values[0], choices: values.map(value => ({ name: value, value })) });
const optional = { feel: 'optional' };
const required = { feel: 'required' };
const filled = { constraints: { notEmpty: true } };

export const CAMUNDA = {
  $schema: 'https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json',
  id: 'io.camunda.connectors.aws.bedrock.v1',
  version: 8,
  name: 'A stand-in',
  appliesTo: ['bpmn:Task'],
  elementType: { value: 'bpmn:ServiceTask' },
  properties: [
    { type: 'Hidden', value: 'io.camunda:aws-bedrock:1', binding: { type: 'zeebe:taskDefinition', property: 'type' } },
    input('action', 'Dropdown', choices('invokeModel', 'converse')),
    input('awsCredential', 'String', { ...required, optional: true }),
    input('authentication.type', 'Dropdown', { ...choices('credentials', 'defaultCredentialsChain'), ...when(INLINE) }),
    input('authentication.accessKey', 'String', { ...optional, ...filled, ...when(KEYS, INLINE) }),
    input('authentication.secretKey', 'String', { ...optional, ...filled, ...when(KEYS, INLINE) }),
    input('configuration.region', 'String', { ...optional, ...filled, ...when(INLINE) }),
    { ...input('configuration.region', 'String', { ...optional, optional: true, ...when({ property: 'awsCredential', isEmpty: false }) }), id: 'regionOverride' },
    { ...input('data.modelId', 'String', { ...optional, ...filled, ...when(INVOKE) }), id: 'data.modelId0' },
    input('data.payload', 'String', { ...required, ...filled, ...when(INVOKE) }),
    { ...input('data.modelId', 'String', { ...optional, ...filled, ...when(CONVERSE) }), id: 'data.modelId1' },
    input('data.newMessage', 'String', { ...optional, ...filled, ...when(CONVERSE) }),
    input('data.messagesHistory', 'String', { ...required, optional: true, ...when(CONVERSE) }),
    input('data.maxTokens', 'Number', { ...optional, optional: true, ...when(CONVERSE) }),
    input('data.temperature', 'Number', { ...optional, optional: true, ...when(CONVERSE) }),
    input('data.topP', 'Number', { ...optional, optional: true, ...when(CONVERSE) }),
    helper('documentMode', 'Dropdown', { ...choices('none', 'single', 'multiple'), ...when(CONVERSE) }),
    helper('single_documentSource', 'Dropdown', { ...choices('camunda', 'inline', 'external'), ...when(MODE('single'), CONVERSE) }),
    helper('single_camundaReference', 'String', { ...required, ...filled, ...when(MODE('single'), SOURCE('camunda'), CONVERSE) }),
    helper('single_inline_content', 'String', { ...optional, ...filled, ...when(MODE('single'), SOURCE('inline'), CONVERSE) }),
    helper('single_inline_fileName', 'String', { ...optional, ...when(MODE('single'), SOURCE('inline'), CONVERSE) }),
    helper('single_inline_contentType', 'String', { ...optional, ...when(MODE('single'), SOURCE('inline'), CONVERSE) }),
    helper('single_external_url', 'String', { ...optional, ...filled, ...when(MODE('single'), SOURCE('external'), CONVERSE) }),
    helper('single_external_fileName', 'String', { ...optional, ...when(MODE('single'), SOURCE('external'), CONVERSE) }),
    helper('multiple_expression', 'String', { ...required, ...filled, ...when(MODE('multiple'), CONVERSE) }),
    input('data.newDocuments', 'Hidden', { value: COMPOSED, ...when(CONVERSE) }),
    header('elementTemplateVersion', 'Hidden', { value: '8' }),
    header('elementTemplateId', 'Hidden', { value: 'io.camunda.connectors.aws.bedrock.v1' }),
    header('resultVariable', 'String'),
    header('resultExpression', 'Text', required),
    header('errorExpression', 'Text', required),
    { id: 'retryCount', type: 'String', value: '3', ...optional, binding: { type: 'zeebe:taskDefinition', property: 'retries' } },
    header('retryBackoff', 'String', { value: 'PT30S' }),
    header('jobTimeout', 'String', { optional: true }),
  ],
};

// What a task may hold, one set for each way through the template's conditions.
const KEY_PAIR = {
  'input authentication.type': 'credentials',
  'input authentication.accessKey': '{{secrets.KEY_ID}}',
  'input authentication.secretKey': '{{secrets.KEY}}',
  'input configuration.region': 'eu-west-1',
};
const OUTCOME = {
  retries: '7',
  'header resultVariable': 'answer',
  'header resultExpression': '={answer: response}',
  'header errorExpression': '=if error.code = "X" then bpmnError("Y", "Z") else null',
  'header retryBackoff': 'PT2M',
  'header jobTimeout': 'PT10M',
};
const ASKED = {
  'input action': 'converse',
  'input data.modelId': 'some.model-v1:0',
  'input data.newMessage': '=question',
  'input data.messagesHistory': '=conversation',
  'input data.maxTokens': '=900',
  'input data.temperature': '=0.3',
  'input data.topP': '=0.8',
};
const document = (source, values) => ({
  ...ASKED, ...KEY_PAIR, ...OUTCOME,
  'input data.data_newDocuments_documentMode': 'single',
  'input data.data_newDocuments_single_documentSource': source,
  ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`input data.data_newDocuments_single_${name}`, value])),
});

export const TASKS = {
  'a question': { ...ASKED, ...KEY_PAIR, ...OUTCOME },
  'the defaults': { 'input action': 'converse', 'input data.modelId': 'm', 'input data.newMessage': 'Hi', ...KEY_PAIR },
  'the worker\'s role': {
    ...ASKED, ...OUTCOME, 'input authentication.type': 'defaultCredentialsChain', 'input configuration.region': '=region',
  },
  'a stored credential': { ...ASKED, ...OUTCOME, 'input awsCredential': '=camunda.vars.env.aws', 'input configuration.region': 'eu-west-3' },
  'a document of Camunda': document('camunda', { camundaReference: '=contract' }),
  'a text as a document': document('inline', { inline_content: 'Some text', inline_fileName: 'a.txt', inline_contentType: 'text/plain' }),
  'a document by its address': document('external', { external_url: 'https://example.com/a.pdf', external_fileName: 'a.pdf' }),
  'several documents': {
    ...ASKED, ...KEY_PAIR, ...OUTCOME,
    'input data.data_newDocuments_documentMode': 'multiple',
    'input data.data_newDocuments_multiple_expression': '=uploads',
  },
  'a request of its own': {
    ...KEY_PAIR, ...OUTCOME, 'input action': 'invokeModel', 'input data.modelId': 'm', 'input data.payload': '={inputText: question}',
  },
};

// An ocpp-rpc client in strict mode, driven by JSON lines. In come {"id", "call", "params"}, {"id", "answers"} (payloads by
// action) and {"close"}; out go {"id", "answer"} or {"id", "error"}, {"asked", "params"} and {"broken"}. Strict mode
// checks every message against the schemas of the library, independently of ours.
const readline = require('readline');
const { RPCClient, createValidator } = require('ocpp-rpc');

const [endpoint, identity, protocol] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');

// ocpp-rpc 2.2.1 ships the schemas of 2.1 under other names than it looks for.
const named = (schema) => ({ ...schema, $id: schema.$id.replace(/Request$/, '.req').replace(/Response$/, '.conf') });
const own = protocol === 'ocpp2.1'
  ? [createValidator(protocol, require('ocpp-rpc/lib/schemas/ocpp2_1.json').map(named))]
  : [];

const client = new RPCClient({
  endpoint, identity, protocols: [protocol], strictMode: true, strictModeValidators: own, reconnect: false,
});
const answers = {};

client.handle((request) => {
  say({ asked: request.method, params: request.params });
  return answers[request.method] || { status: 'Accepted' };
});
client.on('strictValidationFailure', ({ error, method }) => say({ broken: `${method}: ${error.message}` }));
client.on('badMessage', ({ error }) => say({ broken: error.message }));
client.on('close', () => process.exit(0));

client.connect().then(
  () => say({ open: client.protocol }),
  (error) => { say({ broken: error.message }); process.exit(1); },
);

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, call, params, close, answers: given } = JSON.parse(line);
  if (given) {
    Object.assign(answers, given);
    say({ id, answer: {} });
  } else if (close) {
    await client.close();
  } else {
    try {
      say({ id, answer: await client.call(call, params) });
    } catch (error) {
      say({ id, error: `${error.name}: ${error.message} ${JSON.stringify(error.details || {})}` });
    }
  }
});

// An ocpp-rpc client in strict mode, driven by JSON lines: {"id", "call", "params"} or {"id", "close"} come in;
// {"id", "answer"} or {"id", "error"}, {"asked", "params"} and {"broken"} go out. Strict mode checks every message
// against the schemas of the library, independently of ours.
const readline = require('readline');
const { RPCClient } = require('ocpp-rpc');

const [endpoint, identity] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const client = new RPCClient({ endpoint, identity, protocols: ['ocpp1.6'], strictMode: true, reconnect: false });

const answers = {
  GetConfiguration: () => ({
    configurationKey: [{ key: 'ChargeProfileMaxStackLevel', readonly: true, value: '2' }],
    unknownKey: [],
  }),
  GetCompositeSchedule: ({ params }) => ({
    status: 'Accepted',
    connectorId: params.connectorId,
    chargingSchedule: {
      chargingRateUnit: 'A',
      chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }],
    },
  }),
  UnlockConnector: () => ({ status: 'Unlocked' }),
  GetLocalListVersion: () => ({ listVersion: 1 }),
};

client.handle((request) => {
  say({ asked: request.method, params: request.params });
  return answers[request.method] ? answers[request.method](request) : { status: 'Accepted' };
});
client.on('strictValidationFailure', ({ error, method }) => say({ broken: `${method}: ${error.message}` }));
client.on('badMessage', ({ error }) => say({ broken: error.message }));
client.on('close', () => process.exit(0));

client.connect().then(
  () => say({ open: true }),
  (error) => { say({ broken: error.message }); process.exit(1); },
);

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, call, params, close } = JSON.parse(line);
  if (close) {
    await client.close();
    return;
  }
  try {
    say({ id, answer: await client.call(call, params) });
  } catch (error) {
    say({ id, error: `${error.name}: ${error.message}` });
  }
});
